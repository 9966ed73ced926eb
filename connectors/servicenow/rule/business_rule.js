// A business rule for ServiceNow: after each change of a record it tells Liaison's gateway which record changed, and by whom.
//
// README.md beside it has all steps: name "Liaison webhook", the table of the tickets, Advanced, When: after, Insert, Update
// and Delete. Where to and the secret stand in two system properties, so that neither is in a script:
//
//   liaison.webhook.url      https://liaison.example.com/hooks/servicenow/support
//   liaison.webhook.secret   whsec_...
//
// With several connections give each table its own pair: liaison.webhook.url.problem and liaison.webhook.secret.problem come
// before those without a table's name.
//
// It signs as Standard Webhooks (HMAC-SHA256 over id, time and body), sends no customer's words, waits for no answer and never
// stops ServiceNow: what it could not tell is found by polling. It is written for the older JavaScript of global rules.

(function executeRule(current, previous) {
    function setting(name) {
        return gs.getProperty(name + '.' + current.getTableName(), '') || gs.getProperty(name, '');
    }

    // In a JSON text of ASCII letters alone nothing depends on how it is encoded on its way.
    function ascii(text) {
        return text.replace(/[^\x20-\x7e]/g, function (letter) {
            return '\\u' + ('000' + letter.charCodeAt(0).toString(16)).slice(-4);
        });
    }

    try {
        var url = setting('liaison.webhook.url');
        var secret = setting('liaison.webhook.secret');
        if (!url || !secret) {
            gs.error('Liaison webhook: set the system properties liaison.webhook.url and liaison.webhook.secret');
            return;
        }
        var operation = String(current.operation());
        var body = ascii(JSON.stringify({
            source: 'liaison-rule',
            version: 1,
            instance: String(gs.getProperty('instance_name', '')),
            table: String(current.getTableName()),
            sys_id: String(current.getUniqueValue()),
            number: String(current.getValue('number') || ''),
            operation: operation,
            // Of a deleted record these are of its last change.
            by: operation === 'delete' ? String(gs.getUserName()) : String(current.getValue('sys_updated_by') || ''),
            at: operation === 'delete'
                ? String(new GlideDateTime().getValue())
                : String(current.getValue('sys_updated_on') || '')
        }));
        var id = 'sn-' + current.getUniqueValue() + '-' + (current.getValue('sys_mod_count') || '0') + '-' + operation;
        var time = String(Math.floor(new Date().getTime() / 1000));
        var key = secret.indexOf('whsec_') === 0 ? secret.substring(6) : String(GlideStringUtil.base64Encode(secret));
        var mac = new GlideCertificateEncryption();
        var signature = String(mac.generateMac(key, 'HmacSHA256', id + '.' + time + '.' + body));

        var request = new sn_ws.RESTMessageV2();
        request.setEndpoint(url);
        request.setHttpMethod('POST');
        request.setRequestHeader('Content-Type', 'application/json');
        request.setRequestHeader('webhook-id', id);
        request.setRequestHeader('webhook-timestamp', time);
        request.setRequestHeader('webhook-signature', 'v1,' + signature);
        request.setRequestBody(body);
        request.executeAsync();
    } catch (error) {
        gs.error('Liaison webhook: ' + current.getTableName() + ' ' + current.getUniqueValue() + ' not told: ' + error);
    }
})(current, previous);
