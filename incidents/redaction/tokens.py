"""Keys, tokens and logins that are known by their shape, whatever stands before them.

Formats are as the vendors publish them. Every pattern is linear in the text, because the text is a stranger's: each
repeat is bounded, or possessive and followed by nothing that could fail.
"""

from __future__ import annotations

import re

from incidents.redaction.masks import NOT_MASKED_YET, Masks

# What a token begins with, and how much must follow it at least. Of letters, digits and `_-.`, if not said otherwise.
_STARTS = (
    r"gh[pousr]_|github_pat_|gl(?:pat|rt|dt|ft|oas|ptt|cbt|soat)-|GR1348941|xox[abeoprs]-|xoxe\.xox[bp]-|xapp-|"
    r"[srp]k_(?:live|test)_|whsec_|sk-(?:proj-|ant-|or-)?|hf_|api_org_|npm_|pypi-|do[opr]_v1_|shp(?:at|ss|ca|pa)_|"
    r"sq0[a-z]{3}-|EAAA|AIza|ya29\.|GOCSPX-|1//0|SG\.|key-(?=[0-9a-f]{32})|HRKU-|AT(?:ATT|CTT|SC|BB)[0-9a-zA-Z]|lin_(?:api|oauth)_|"
    r"ntn_|secret_(?=\w{40})|fig[duo]_|NRAK-|NR(?:JS|II|RA|SP)-|sntry[su]_|PMAK-|dp\.(?:pt|st|ct|sa|scim|audit)\.|hv[sbr]\.|"
    r"dapi(?=[0-9a-f]{32})|gl(?:sa|c)_|nfp_|vercel_|sb[ps]_|pscale_(?:tkn|pw|oauth)_|CCIPAT_|CCIPRJ_|bku[a-z]_|"
    r"dckr_(?:pat|oat)_|rubygems_|oy2(?=[a-z0-9]{43})|EAA[A-Z](?=\w{60})|sl\.(?=[\w-]{60})|pat-(?:na|eu)\d-|"
    r"access-(?:sandbox|development|production)-|xkeysib-|xsmtpsib-|pn[ub]_|tskey-|ngrok_|gsk_|r8_|xai-|pplx-|"
    r"pul-|LTAI(?=\w{16})|AKID(?=\w{16})|dt0[cs]0[0-9]\.|AGE-SECRET-KEY-1|ops_eyJ|FlyV1 |fm2_|rnd_|AQVN|t1\.9eu|"
    r"y0_|vk1\.a\.|sq[pua]_|snyk_|duffel_(?:live|test)_|EZ[AT]K|shippo_(?:live|test)_|fio-u-|tfp_|CFPAT-|rdme_|"
    r"CLOJARS_|rzp_(?:live|test)_|FLWSECK-|APP_USR-|A21AA|PAT-|lsv2_|phc_|phx_|cfut_|v1\.0-|sgp_|SWMTKN-|"
    r"mlsn\.|ATTA|nvapi-|glimt-"
)
# Of an exact length, or with a shape of their own.
_EXACT = (
    r"(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|ANPA)[A-Z0-9]{16}|(?:SK|AC)[0-9a-f]{32}|[0-9a-f]{32}-us\d{1,2}|"
    r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}|00(?=[\w-]{0,40}[A-Z])(?=[\w-]{0,40}[g-z])[\w-]{40}|\d{8,10}:[\w-]{35}|[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}|"
    r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,70}|[A-Za-z0-9]{3}8Q~[\w~.-]{31,34}|AKC[A-Za-z0-9]{60,80}|"
    r"[\w-]{20,30}\.apps\.googleusercontent\.com"
)

TOKENS = Masks(
    # The shortest is "Bearer " with eight more.
    needs=re.compile(r"\S{8}|(?i:cookie)"),
    replacements=(
        (
            re.compile(
                r"-----BEGIN [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{1,60}-----|\Z)",
                re.DOTALL,
            ),
            "[key removed]",
        ),
        (
            re.compile(r"(?i)((?:proxy-)?authorization[\"']?\s{0,3}:\s{0,3})" + NOT_MASKED_YET + r"[^\n]++"),
            r"\1[login removed]",
        ),
        # A container of a store is named like a user, but opens nothing.
        (
            re.compile(r"(?<!abfs)(?<!abfss)(?<!wasb)(?<!wasbs)://(?!\[login removed\])[^\s/?#@]{1,300}@"),
            "://[login removed]@",
        ),
        (
            re.compile(r"(?i)(hooks\.slack\.com/(?:services|workflows|triggers)/)[\w/-]++"),
            r"\1[token removed]",
        ),
        (re.compile(r"(?i)(discord(?:app)?\.com/api/webhooks/)[\w/-]++"), r"\1[token removed]"),
        (re.compile(r"eyJ[\w-]{10,}+(?:\.[\w-]*+){0,4}"), "[token removed]"),
        (re.compile(rf"(?<![A-Za-z0-9])(?:{_EXACT})(?![A-Za-z0-9])"), "[key removed]"),
        (
            re.compile(rf"(?<![A-Za-z0-9])(?:{_STARTS})(?=[A-Za-z_.~+/=-]{{0,60}}\d)[\w.~+/=-]{{16,}}+"),
            "[token removed]",
        ),
        (re.compile(r"((?:AccountKey|SharedAccessKey)=)[A-Za-z0-9+/=]{40,}+"), r"\1[key removed]"),
        # A digit in it, or "bearer certificates" would be a token.
        (
            re.compile(
                rf"(?i)\b(bearer\s{{1,5}}){NOT_MASKED_YET}(?=[a-z._~+/-]{{0,60}}[\d=])[\w.~+/=-]{{8,}}+"
            ),
            r"\1[token removed]",
        ),
        # No vendor's that we know: long, and of such a mixture as no name has. Hashes and ids are of one case and stay.
        (
            re.compile(
                r"(?<![\w/+.-])(?=[A-Za-z+/_-]{0,30}\d[\w+/-]{0,6}[A-Za-z+/_-]\d[\w+/-]{0,9}[A-Za-z+/_-]\d)(?![\w-]{0,40}XXXX)"
                r"(?=[a-z0-9+/_-]{0,30}[A-Z][a-z0-9+/_-]{0,12}[A-Z][a-z0-9+/_-]{0,12}[A-Z])"
                r"(?=[A-Z0-9+/_-]{0,30}[a-z][A-Z0-9+/_-]{0,12}[a-z])(?=[A-Za-z0-9]{24}|[\w-]{36})[A-Za-z0-9+_-]{30,}+={0,2}(?![\w/.(])"
            ),
            "[token removed]",
        ),
    ),
)
