"""How people call a password or a code, and how they say what it is, in some thirty languages."""

from __future__ import annotations

PASSWORDS = (
    # Latin scripts, with the endings that a case or an article adds.
    r"password|passwd|passphrase|passcode|pass ?word|pwd|passwort(?:es)?|kennwort|mot de passe|\bmdp|"
    r"contrase[ñn]as?|"
    r"\bclave|contrasenya|palavra[- ]?passe|senha|parola d'ordine|wachtwoord|has[łl]o|\bhesl[oa]|"
    r"jelsz(?:ó|av)\w{0,4}|"
    r"\bparol[aăeiî]\w{0,3}|parool\w{0,2}|lösenord\w{0,3}|adgangskode\w{0,2}|kodeord\w{0,3}|passord\w{0,3}|"
    r"salasana\w{0,4}|[şs]ifre\w{0,5}|m[ậa]t kh[ẩa]u|kata (?:sandi|laluan)|\bsandi|lozink\w{1,2}|\bgeslo|"
    r"slaptažod\w{1,3}|"
    # Others.
    r"парол\w{0,3}|лозинк\w|κωδικ[όο]\w{1,2}(?: πρόσβασης)?|συνθηματικ\w{1,2}|كلم[ةه] (?:ال)?(?:مرور|سر)"
    r"|رمز عبور|"
    r"ה?סיסמ[האת]\w?|पासवर्ड|পাসওয়ার্ড|รหัสผ่าน|密[码碼]|パスワード|暗証番号|비밀번호|비번|암호"
)

IS = (
    r"is|was|are|ist|lautet|war|heißt|est|était|es|era|será|fue|é|foi|è|sarà|luidt|to|jest|był[oa]?|"
    r"brzmi|je|byl[oa]?|bila?|"
    r"bilo|este|är|var|er|on|oli|είναι|ήταν|هي|هو|كانت|كان|היא|הוא|היה|था|है|là|adalah|ialah|olan|"
    r"был[ао]?|була?|це|е|это|"
    r"คือ|是|为|為|は|が|는|은|가|이|as"
)

SURELY_IS = (
    r"is|was|ist|lautet|war|est|était|es|era|será|é|è|är|var|er|jest|brzmi|este|היא|הוא|هي|"
    r"είναι|adalah|là|luidt"
)
"""Of those, what is no other word in another language."""

# "my password is wrong" tells an engineer something; the word after "is" is kept when it is one of these.
STATES = (
    r"(?:wrong|incorrect|invalid|correct|right|not|no|expired|rejected|reset|being|been|always|never|"
    r"still|too|the|that|this|"
    r"my|your|our|a|an|to|for|in|on|at|of|with|and|or|so|just|now|only|already|again|also|really|very|"
    r"what|how|why|when|where|"
    r"(?:un)?lock(?:ed|ing)?|blocked|unblocked|entered|denied|changed|stuck|lost|stolen|missing|broken|"
    r"forgotten|working|"
    r"required|accepted|refused|declined|ok|okay|fine|needed|used|set|sent|saved|stored|shown|visible|"
    r"hidden|known|"
    r"unknown|disabled|enabled|empty|null|none|blank|short|long|weak|strong|safe|secure|compromised|"
    r"different|same|"
    r"valid|updated|created|generated|encrypted|hashed|asked|available|gone|"
    r"read|passed|given|provided|specified|configured|defined|null|optional|mandatory|"
    r"falsch|richtig|nicht|abgelaufen|ungültig|gesperrt|weg|incorrecte?|invalide|expirée?|pas|bloquée?|"
    r"incorrect[ao]|"
    r"errat[ao]|sbagliat[ao]|scadut[ao]|bloquead[ao]|verkeerd|onjuist|niet|inválid[ao]|caducad[ao]|"
    r"expirou|fel|forkert|"
    r"feil|nieprawidłowe|błędne|nie|špatné|neplatné|yanlış|неверный|неправильный|не|väärä|salah|sai)(?!\w)"
)

CODES = (
    # A word before "code" that makes it a secret.
    r"(?:verification|security|confirmation|authentication|auth|access|activation|log-?in|sign-?in|"
    r"one[- ]?time|otp|"
    r"sms|text|2fa|mfa|two[- ]factor|unlock|recovery|backup|secret|authenticator)[ -]code|passcode|"
    r"(?:bestätigungs|sicherheits|verifizierungs|zugangs|einmal|freischalt|sms-?)code|"
    r"code de (?:vérification|sécurité|confirmation|validation)|code (?:secret|reçu|confidentiel)|"
    r"c[óo]digo de (?:verifica[cç](?:i[óo]n|[ãa]o)|seguran[çc]a|seguridad|confirma[cç](?:i[óo]n|[ãa]o)|"
    r"acceso|acesso)|"
    r"codice di (?:verifica|sicurezza|conferma|accesso)|(?:verificatie|beveiligings|bevestigings|"
    r"toegangs)code|"
    r"kod (?:pin|weryfikacyjny|bezpieczeństwa|potwierdzenia|sms)|ověřovací kód|verifieringskod|"
    r"säkerhetskod|"
    r"bekræftelseskode|bekreftelseskode|vahvistuskoodi|(?:doğrulama|onay|güvenlik) kodu|cod de verificare|"
    r"код(?: подтверждения| безопасности| доступа)?(?: из (?:смс|sms))?|код підтвердження|"
    r"κωδικός επαλήθευσης|"
    r"رمز التحقق|קוד אימות|kode verifikasi|mã xác (?:nhận|minh)|รหัสยืนยัน|"
    r"验证码|驗證碼|确认码|校验码|認証コード|確認コード|認証番号|인증 ?(?:번호|코드)|확인 ?코드|"
    r"\bpin(?:[- ]?(?:code|kod|koodi|nummer|number|nr))?\b|\bpincode|code pin|\bpuk\b|\btan\b|\botp\b|"
    r"\b(?:cvv2?|cvc2?|cvn|csc)\b"
)
