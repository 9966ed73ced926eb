"""The words by which customers say "still broken" and "works again", in seven languages.

Data, read by `incidents.texts.still_broken`; the policy may replace the phrases.
"""

DEFAULT_PHRASES = (
    # English; "n't" is read as "not", so "isn't working" is "not working"
    "not working", "not work", "not fixed", "not resolved", "not solved", "no change", "no luck",
    "no improvement", "nothing works", "nothing has changed", "stopped working", "still broken",
    "still down", "still failing", "still fails", "still happening", "still happens", "still not",
    "still can not", "still getting", "still seeing", "still have the", "still having", "still an error",
    "still an issue", "still a problem", "still there", "still the same", "same problem", "same issue",
    "same error", "broken again", "down again", "failing again", "is back", "problem persists",
    "issue persists", "error persists", "unable to",
    # Deutsch
    "funktioniert nicht", "nicht funktioniert", "geht nicht", "klappt nicht", "läuft nicht",
    "nicht behoben", "nicht gelöst", "noch kaputt", "wieder kaputt", "noch defekt", "noch der fehler",
    "noch das problem", "gleiche problem", "gleiche fehler", "gleicher fehler", "selbe problem",
    "selbe fehler", "besteht weiterhin", "besteht noch", "weiterhin nicht", "tritt noch auf",
    # Français
    "marche pas", "marche plus", "fonctionne pas", "fonctionne plus", "toujours pas", "pas résolu",
    "pas réglé", "toujours en panne", "toujours le même", "toujours la même", "toujours une erreur",
    "même problème", "même erreur", "problème persiste", "erreur persiste",
    # Español
    "no funciona", "no me funciona", "no está resuelto", "no está solucionado", "sigue sin",
    "sigue fallando", "sigue igual", "sigue dando", "sigue el", "sigo sin", "todavía no", "aún no",
    "mismo problema", "mismo error", "problema persiste", "error persiste",
    # Nederlands
    "werkt niet", "doet het niet", "niet opgelost", "niet verholpen", "nog kapot", "nog stuk",
    "zelfde probleem", "zelfde fout", "lukt niet", "blijft hangen",
    # Português
    "não funciona", "não está funcionando", "não está a funcionar", "não está resolvido",
    "não foi resolvido", "ainda não", "continua sem", "continua com", "continua a dar", "mesmo erro",
    "problema continua",
    # Italiano
    "non funziona", "non va", "non è risolto", "non risolto", "ancora non", "ancora rotto",
    "stesso problema", "stesso errore", "problema persiste", "errore persiste",
)  # fmt: skip

RECOVERED = (
    "works", "working", "work again", "worked", "fixed", "resolved", "solved", "all good", "back to normal",
    "for the fix", "no longer", "is gone", "behoben", "gelöst", "funktioniert", "geht", "klappt", "läuft",
    "marche", "remarche", "fonctionne", "refonctionne", "résolu", "réglé", "funciona", "resuelto",
    "solucionado", "werkt", "opgelost", "verholpen", "resolvido", "voltou a funcionar", "funziona",
    "risolto",
)  # fmt: skip
"""Words of a clause that says it works, unless the same clause says no."""

NEGATORS = frozenset((
    "not", "no", "never", "nothing", "nobody", "without", "cannot", "nicht", "kein", "keine", "keinen",
    "nie", "pas", "jamais", "plus", "aucun", "sin", "nunca", "ningun", "niet", "geen", "nooit", "nao",
    "sem", "nenhum", "non", "nessun", "mai",
))  # fmt: skip
"""They turn a clause round. Without accents."""

PERSISTS = frozenset((
    "still", "again", "yet", "persists", "immer", "noch", "wieder", "weiterhin", "toujours", "encore",
    "sigue", "sigo", "todavia", "aun", "nog", "steeds", "weer", "blijft", "ainda", "continua", "ancora",
))  # fmt: skip
"""They say that it goes on, so that a complaint stands whatever else is said. Without accents."""

CONDITIONS = frozenset((
    "if", "whether", "unless", "should", "falls", "wenn", "ob", "sofern", "si", "als", "indien", "mocht",
    "se", "caso", "qualora",
))  # fmt: skip
"""What follows has not happened. Without accents."""

PAST = frozenset((
    "was", "were", "had", "been", "war", "hatte", "etait", "avait", "estaba", "era", "habia", "hadden",
    "tinha", "aveva",
))  # fmt: skip
"""It may be over. Without accents."""

FILLERS = (
    "yet", "really", "fully", "properly", "quite", "even", "seem", "seems", "to", "be", "at all",
    "entirely", "anymore", "mir", "uns", "bei", "auch", "jetzt", "leider", "immer", "noch", "wieder",
    "mehr", "so", "richtig", "toujours", "encore", "vraiment", "du tout", "chez", "moi", "nog", "steeds",
    "weer", "helaas", "bij", "mij", "todavia", "aun", "me", "nos", "ainda", "ancora", "bene", "bien", "bem",
)  # fmt: skip
"""Words that may stand between the words of a phrase. Without accents."""
