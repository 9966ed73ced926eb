{{/* The pod of a role: (dict "root" $ "args" (list "worker") "restart" "Always" "port" 8400 "ready" "/readyz" "grace" 60) */}}
{{- define "liaison.pod" -}}
securityContext: {runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001, seccompProfile: {type: RuntimeDefault}}
automountServiceAccountToken: false
# A Service called liaison-server would set LIAISON_SERVER_PORT, to an address.
enableServiceLinks: false
restartPolicy: {{ .restart }}
terminationGracePeriodSeconds: {{ .grace }}
containers:
  - name: liaison
    image: {{ .root.Values.image | quote }}
    args: {{ .args | toJson }}
    securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
    resources: {{ .root.Values.resources | toJson }}
    envFrom: [{secretRef: {name: {{ .root.Values.secret | quote }}}}]
    env:
      - {name: HOME, value: /tmp}
      {{- if ne (first .args) "migrate" }}
      - {name: LIAISON_POLICY, value: /etc/liaison/liaison.yaml}
      {{- end }}
      - {name: LIAISON_GATEWAY_HOST, value: "0.0.0.0"}
      - {name: LIAISON_SERVER_HOST, value: "0.0.0.0"}
      - {name: LIAISON_SERVER_PUBLIC_URL, value: {{ .root.Values.publicUrl | quote }}}
      - {name: PREFECT_API_URL, value: "http://{{ .root.Release.Name }}-server:4200/api"}
      {{- range $name, $value := .root.Values.env }}
      - {name: {{ $name }}, value: {{ $value | quote }}}
      {{- end }}
    {{- with .port }}
    ports: [{name: http, containerPort: {{ . }}}]
    readinessProbe: {httpGet: {path: {{ $.ready }}, port: http}, periodSeconds: 5}
    # Who ends is still called until all have heard of it.
    lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
    {{- end }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      {{- if ne (first .args) "migrate" }}
      - {name: policy, mountPath: /etc/liaison, readOnly: true}
      {{- end }}
volumes:
  - {name: tmp, emptyDir: {}}
  {{- if ne (first .args) "migrate" }}
  - {name: policy, configMap: {name: {{ .root.Release.Name }}-policy}}
  {{- end }}
{{- end }}
