"""English, German, Dutch."""

from __future__ import annotations

from incidents.texts.languages.language import Language, phrases, words

ENGLISH = Language(
    name="en",
    thanks=phrases("thanks, thank you, thank u, thx, cheers, much appreciated, well done, perfect, brilliant"),
    negators=words("""
        not no never nothing nobody none without neither cannot dont doesnt didnt isnt cant wont
    """),
    negated_first=True,
    works=words("""
        work works working worked function functions functioning fixed resolved solved repaired sorted gone
        helped help helps ok okay available better solve solves fix fixes solving repair
    """),
    deeds=words("""
        load loads loading open opens opening respond responds responding complete completes go goes start
        starts connect connects connecting login log access pay checkout order use reach see sign submit send
        upload download save print proceed finish enter reply appear show display
        going
    """),
    modals=words("can could able possible"),
    fails=words("""
        broken down crash* fail* error* timeout* timing times hang* stuck frozen freez* unavailable unreachable
        unusable unable impossible issue issues problem* bug bugs trouble* fault* refus* declin* reject* blank
        block* glitch* outage* unresponsive slow bounc* disconnect* unresolved unsolved unfixed dead locked
        loading spinning wrong white spinner spins blackscreen dies died crashing failing unavailability errored
        stalled stalls stall broke breaks breaking malfunction* interruption
        sluggish slowly down
    """),
    failing=phrases("""
        fails, is failing, are failing, keeps failing, crashes, is crashing, hangs, freezes, times out,
        is broken, are broken, is down, are down, does nothing, is unavailable, is unreachable, gives an error,
        throws an error, shows an error, get an error, getting errors, returns an error, is stuck,
        see the error, see an error, seeing an error, getting an error, receive an error, got an error,
        error right now
    """),
    still=words("""
        still yet persists persist persisting continues continue continuing remains remain keeps keep
    """),
    again=phrases("again, recurring, once more, over again, afresh"),
    same=words("same identical exact"),
    things=words("thing story result message screen behaviour behavior situation here outcome"),
    returns=phrases("""
        is back, are back, back again, came back, come back, comes back, has returned, have returned, returned,
        reappeared, recurred, happened again, happens again, happening again, occurred again, occurring again,
        occurs again, started again, is happening, returns, doing it again, does it again, did it again,
        acting up, at it again
    """),
    others=words("""
        i we who he she they colleague agent money parcel package refund normal working
    """),
    unchanged=phrases("""
        no change, no luck, no improvement, no better, nothing works, nothing has changed, nothing changed,
        stopped working, stops working, problem persists, issue persists, error persists, to no avail, no joy,
        did not help, does not help, made no difference, makes no difference, back to square one, no dice,
        as before, still no, still nothing, not any better, broken again, down again, still there,
        anything but fixed, far from fixed, keep getting, keeps happening, not fixed, not resolved, not solved,
        worse, even worse
    """),
    recovered=phrases("""
        all good, back to normal, for the fix, no longer, is gone, no more, up and running, all fine,
        back online, back up
    """),
    conditions=phrases("if, whether, unless, should, in case"),
    past=words("was were had been"),
    adversatives=words("but however although though yet except"),
    fillers=phrases("""
        yet, really, fully, properly, quite, even, seem, seems, to, be, at all, entirely, anymore, been,
        actually, the, a, it, is, has, completely, just, getting, being, have, appear, appears, me, us
    """),
    away=phrases("""
        out of office, out of the office, away from the office, away from my desk, on vacation, on holiday,
        on annual leave, on leave, parental leave, maternity leave, sick leave, out sick, automatic reply,
        automatic response, automated reply, automated response, automated message, auto reply, auto-reply,
        autoreply, auto response, automatically generated, do not reply to this, this mailbox is not monitored,
        limited access to email, limited access to my email, limited access to e-mail, currently travelling,
        currently traveling, no longer work at, no longer work for, no longer works at, no longer works for,
        no longer with the company, has left the company, have left the company, undeliverable,
        undelivered mail, delivery has failed, delivery failed, delivery status notification,
        message was not delivered, message could not be delivered, could not be delivered, was not delivered,
        mailbox is full, mailbox full, mail delivery failed, mail delivery system, address not found,
        returned to sender, recipient rejected, we received your message, we have received your message,
        we have received your email, received your request, will respond within, will reply within,
        will get back to you within, how would you rate, rate the support, rate your experience,
        satisfaction survey, how satisfied, tell us how we did, your ticket has been closed,
        this ticket has been closed, your request has been closed, your request has been solved,
        i will be back on, i will return on, returning on, back in the office, in my absence, during my absence,
        for urgent matters, thank you for contacting, thanks for contacting, public holiday,
        closed for the holidays
    """),
)  # fmt: skip

GERMAN = Language(
    name="de",
    thanks=phrases("danke, dankeschön, vielen dank, besten dank, herzlichen dank, super, perfekt, prima, passt"),
    negators=words("""
        nicht kein keine keinen keinem keiner nie niemals nichts ohne nirgends nix ned net
    """),
    works=words("""
        funktionier* funzt geht gehts gehen ging klappt klappte laeuft läuft laufen behoben gelöst geloest
        repariert verfügbar erreichbar weg nutzbar besser geholfen hilft tut löst geklappt gefunkt verschwunden
    """),
    deeds=words("""
        lädt laden öffnet öffnen startet reagiert reagieren bezahlen einloggen anmelden abschließen bestellen
        zugreifen zahlen speichern senden absenden aufrufen nutzen durch
        abgeschlossen verarbeitet gespeichert
    """),
    modals=words("kann können konnte möglich"),
    fails=words("""
        kaputt defekt fehler* problem* störung* ausfall ausfälle abstürz* stürzt abgestürzt absturz hängt hängen
        fehlgeschlagen schlägt scheitert scheitern gestört down unerreichbar blockiert gesperrt leer unmöglich
        abgelehnt timeout* zeitüberschreitung error* bug bugs offline ungelöst macke langsam kaputte kaputter
        streikt spinnt spinnen ruckelt stockt weiß weiße weißer leere leerer eingefroren tot versagt aussetzer
        langsamer lahm träge nichterreichbar
    """),
    failing=phrases("""
        stürzt ab, stürzt * ab, schlägt fehl, schlagen fehl, scheitert, hängt sich auf, hängt, ist kaputt,
        ist defekt, ist gestört, ist down, ist offline, bricht ab, kommt ein fehler, kommt eine fehlermeldung,
        bekomme einen fehler, bekomme eine fehlermeldung, komme nicht rein, kommt nicht rein, kommen nicht rein,
        friert ein,
        sehe einen fehler, sehe eine fehlermeldung, erhalte einen fehler, erhalte eine fehlermeldung,
        erscheint ein fehler, erscheint eine fehlermeldung
    """),
    still=words("""
        noch immernoch weiterhin weiter nach besteht bestehen bleibt dauernd ständig andauernd fortwährend
    """),
    again=words("wieder erneut abermals nochmal nochmals"),
    same=words("""
        gleiche gleichen gleicher gleiches selbe selben dasselbe derselbe dieselbe demselben identische
    """),
    things=words("spiel wie meldung bild ergebnis sache verhalten"),
    returns=phrases("""
        wieder da, wieder aufgetaucht, wieder aufgetreten, erneut aufgetreten, wieder passiert, erneut passiert,
        schon wieder, zurückgekehrt, tritt wieder auf, tritt erneut auf, kommt wieder, kam wieder, wieder los,
        ist zurück, sind zurück, taucht wieder auf, geht das schon wieder los, wieder von vorne
    """),
    others=words("""
        ich wir bin sind er kollege kollegin uns geld rückerstattung paket urlaub normal ordnung
    """),
    unchanged=phrases("""
        keine änderung, keine veränderung, keine besserung, keine verbesserung, nichts geändert, unverändert,
        nichts hat sich geändert, hat sich nichts getan, tut sich nichts, besteht weiterhin, besteht noch,
        besteht immer noch, tritt noch auf, tritt weiterhin auf, tritt immer noch auf, wie vorher, wie zuvor,
        wie gehabt, alles beim alten, nach wie vor nicht, immer noch nicht, noch immer nicht,
        hat nichts gebracht, hat nicht geholfen, leider nein, gleiche wie vorher, nicht behoben, nicht gelöst,
        noch kaputt, wieder kaputt,
        schlimmer, schlechter als
    """),
    recovered=phrases("""
        nicht mehr, kein problem mehr, alles gut, alles bestens, alles wieder gut, wieder online
    """),
    conditions=words("falls wenn ob sofern sollte sollten"),
    past=words("war hatte waren hatten gewesen"),
    adversatives=words("aber doch jedoch allerdings trotzdem dennoch nur"),
    fillers=words("""
        mir uns bei auch jetzt leider immer noch wieder mehr so richtig sich es das der die gerade heute
        überhaupt gar hier schon einfach hat wirklich
    """),
    away=phrases("""
        abwesenheitsnotiz, abwesenheit, abwesend, nicht im büro, nicht im haus, außer haus, im urlaub,
        in urlaub, auf dienstreise, in elternzeit, im mutterschutz, krankgeschrieben, automatische antwort,
        automatische rückmeldung, automatisch generiert, automatisch erzeugt, automatisch erstellt,
        diese e-mail wurde automatisch, wird nicht weitergeleitet, wieder erreichbar, nicht erreichbar bis,
        nicht mehr im unternehmen, nicht mehr bei uns, nicht mehr für uns tätig, unzustellbar,
        konnte nicht zugestellt, nicht zustellbar, zustellung fehlgeschlagen, postfach ist voll, postfach voll,
        empfänger unbekannt, wir haben ihre anfrage erhalten, ihre anfrage ist eingegangen,
        ihre nachricht erhalten, eingang ihrer, wie zufrieden, bewerten sie, zufriedenheitsumfrage,
        ihre anfrage wurde geschlossen, ticket wurde geschlossen, in dringenden fällen, meine vertretung,
        vertritt mich, ihre nachricht wird
    """),
)  # fmt: skip

DUTCH = Language(
    name="nl",
    thanks=phrases("bedankt, dank, dank u, dank je, dankjewel, top, prima, perfect"),
    negators=words("niet geen nooit niets zonder niks"),
    works=words("""
        werk werkt werken werkte functioneert doet opgelost verholpen gefixt hersteld lukt lukte gaat bereikbaar
        beschikbaar weg beter geholpen verdwenen werkend
    """),
    deeds=words("""
        laadt laden opent openen reageert betalen inloggen aanmelden bestellen opslaan versturen gebruiken
        door komt verwerkt
    """),
    modals=words("kan kunnen mogelijk"),
    fails=words("""
        kapot stuk defect fout fouten foutmelding* probleem problemen storing* mislukt crasht crash* vastgelopen
        vast hangt hangen onbereikbaar onmogelijk geweigerd geblokkeerd leeg error* down bug offline traag plat
        wit witte lege hapert crashte gecrasht blokkeert faalt vastloopt onbruikbaar
        langzaam
    """),
    failing=phrases("""
        crasht, mislukt, loopt vast, hangt, is kapot, is stuk, ligt eruit, ligt plat, ligt eraf, geeft een fout,
        geeft een foutmelding, krijg een fout, krijg een foutmelding, is onbereikbaar,
        zie een fout, zie een foutmelding, verschijnt een fout, verschijnt een foutmelding
    """),
    still=words("nog steeds nogsteeds blijft blijven nogaltijd altijd aanhoudt houdt"),
    again=words("weer opnieuw alweer"),
    same=words("zelfde dezelfde hetzelfde identieke"),
    things=words("verhaal melding liedje resultaat ding"),
    returns=phrases("""
        is terug, zijn terug, weer terug, is er weer, zijn er weer, teruggekomen, teruggekeerd, weer gebeurd,
        opnieuw gebeurd, gebeurt weer, gebeurt opnieuw, komt terug, kwam terug, doet zich weer voor, begint weer
    """),
    others=words("ik wij we collega hij zij ben kantoor geld pakket normaal orde"),
    unchanged=phrases("""
        geen verandering, geen verbetering, niets veranderd, niks veranderd, nog steeds niet, nog altijd niet,
        helaas niet, heeft niet geholpen, hielp niet, als voorheen, net als eerst, zoals eerst, nog kapot,
        nog stuk, blijft hangen, probleem blijft, houdt aan, niet opgelost, niet verholpen, nog niet opgelost,
        erger, slechter dan
    """),
    recovered=phrases("niet meer, geen probleem meer, alles goed, alles in orde, weer online"),
    conditions=words("als indien mocht of wanneer"),
    past=words("was waren had hadden geweest"),
    adversatives=words("maar echter toch hoewel"),
    fillers=words("""
        nog steeds weer helaas bij mij ons ook nu het de is er echt al zich heeft altijd
    """),
    away=phrases("""
        afwezigheidsbericht, afwezig, niet op kantoor, buiten kantoor, met vakantie, op vakantie, met verlof,
        zwangerschapsverlof, automatisch antwoord, automatisch bericht, automatisch gegenereerd,
        niet meer werkzaam, kon niet worden afgeleverd, kon niet worden bezorgd, onbestelbaar, niet bezorgd,
        postvak is vol, mailbox is vol, we hebben uw bericht ontvangen, uw bericht is ontvangen,
        uw verzoek ontvangen, hoe tevreden, beoordeel, tevredenheidsonderzoek, ticket is gesloten,
        uw verzoek is gesloten, bij afwezigheid, voor dringende zaken, weer bereikbaar, terug op kantoor,
        uw e-mail wordt niet
    """),
)  # fmt: skip
