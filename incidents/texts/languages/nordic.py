"""Swedish, Danish, Norwegian, Finnish."""

from __future__ import annotations

from incidents.texts.languages.language import Language, phrases, words

SWEDISH = Language(
    name="sv",
    thanks=phrases("tack, toppen, perfekt, utmärkt, jättebra"),
    negators=words("inte ej ingen inget inga aldrig ingenting icke utan"),
    works=words("""
        fungerar funkar funka fungera fungerade funkade går gick löst lösts åtgärdat åtgärdad åtgärdats fixat
        fixad lagat tillgänglig borta bättre hjälpte hjälper löser löste försvunnit
    """),
    deeds=words("""
        laddar ladda öppnas öppna svarar startar betala logga beställa nå spara skicka använda loggat betalat
        öppnat skickat beställt
        igenom
    """),
    modals=words("kan kommer möjligt får lyckas"),
    fails=words("""
        trasig trasigt sönder fel felet felmeddelande* problem* kraschar krasch* hänger hängt låst avbrott nere
        strul* misslyckas misslyckades omöjligt nekas nekad error* bugg buggen buggar störning* tom blockerad
        stopp långsam vit vitt fastnat fastnar fryser frusit funktionsfel kraschat låser låsta tomt oanvändbar
        seg segt långsamt otillgänglig
    """),
    failing=phrases("""
        kraschar, hänger sig, misslyckas, är nere, ligger nere, är trasig, är trasigt, ger fel, får ett fel,
        får felmeddelande, låser sig, är omöjligt,
        får ett felmeddelande, ser ett fel, kommer ett fel
    """),
    still=words("fortfarande ännu fortsätter kvarstår kvar alltjämt"),
    again=words("igen återigen"),
    same=words("samma identiskt"),
    things=words("sak meddelande visa resultat"),
    returns=phrases("""
        är tillbaka, kommit tillbaka, kom tillbaka, återkommit, återkom, återkommer, hände igen, hänt igen,
        händer igen, dykt upp igen, dök upp igen, uppstått igen, dyker upp igen, kommer tillbaka, började igen
    """),
    others=words("jag vi kollega han hon kontoret pengar paket semester normalt vanligt"),
    unchanged=phrases("""
        ingen förändring, ingen skillnad, ingen förbättring, inget har ändrats, inget har förändrats,
        inget har hänt, som förut, som tidigare, samma sak, inte löst, inte åtgärdat, kvarstår, hjälpte inte,
        slutat fungera, slutade fungera, fortfarande inte, ännu inte, inte bättre, problemet är kvar,
        felet är kvar,
        värre, sämre
    """),
    recovered=phrases("inte längre, inga problem, allt bra, allt ok, inga fler, i ordning"),
    conditions=words("om ifall när"),
    past=words("var hade varit"),
    adversatives=words("men dock fast ändå"),
    fillers=words("""
        fortfarande alls ännu heller riktigt mig för oss det är har att tyvärr nu längre helt än igen
    """),
    away=phrases("""
        frånvaromeddelande, frånvarande, inte på kontoret, inte på plats, på semester, ledig, föräldraledig,
        tjänstledig, sjukskriven, automatiskt svar, autosvar, automatiskt genererat, automatiskt meddelande,
        slutat på företaget, arbetar inte längre, jobbar inte längre, kunde inte levereras, kunde inte leverera,
        olevererat, inte levererat, brevlådan är full, inkorgen är full, vi har tagit emot, vi har mottagit,
        hur nöjd, betygsätt, kundundersökning, ärendet har stängts, ditt ärende är stängt, vid brådskande,
        åter på kontoret, tillbaka på kontoret, begränsad tillgång, åter den
    """),
)  # fmt: skip

DANISH = Language(
    name="da",
    thanks=phrases("tak, mange tak, perfekt, super, fint"),
    negators=words("ikke ingen intet aldrig uden"),
    works=words("""
        virker virke virkede fungerer fungere fungerede løst rettet udbedret fikset ordnet tilgængelig væk bedre
        hjalp hjælper lykkes løser løste forsvundet
    """),
    deeds=words("""
        indlæser åbner åbne svarer starter betale logge bestille gemme sende bruge loader logget betalt åbnet
        sendt bestilt gemt
        igennem
    """),
    modals=words("kan kommer muligt får"),
    fails=words("""
        ødelagt fejl fejlen fejler fejlmeddelelse* problem* nede nedbrud crasher crash* hænger hænge frosset
        låst umuligt afvist afvises error* bug buggen mislykkes mislykkedes stykker driftsforstyrrelse*
        forstyrrelse* tom blokeret langsom hvid hvidt crashede fryser fejlede fejlet sidder låser tomt ubrugelig
        nedbruddet afbrydelse
        langsomt utilgængelig sløv
    """),
    failing=phrases("""
        crasher, fejler, hænger, mislykkes, er nede, ligger nede, er ødelagt, er i stykker, giver fejl,
        får en fejl, får fejlmeddelelse, går i stå, er umuligt,
        får en fejlmeddelelse, ser en fejl, kommer en fejl
    """),
    still=words("stadig stadigvæk fortsat fortsætter endnu vedbliver består"),
    again=words("igen atter"),
    same=words("samme identisk"),
    things=words("ting besked resultat historie"),
    returns=phrases("""
        er tilbage, kommet tilbage, kom tilbage, vendt tilbage, vendte tilbage, er her igen, skete igen,
        sket igen, sker igen, opstået igen, opstod igen, dukket op igen, dukker op igen, kommer tilbage,
        er der igen
    """),
    others=words("jeg vi kollega han hun kontoret penge pakke ferie normalt"),
    unchanged=phrases("""
        ingen ændring, ingen forskel, ingen forbedring, intet har ændret sig, ikke ændret sig, intet er sket,
        som før, som tidligere, samme problem, ikke løst, ikke rettet, hjalp ikke, holdt op med at virke,
        stoppet med at virke, stadig ikke, stadigvæk ikke, endnu ikke, ikke bedre, problemet er der stadig,
        værre, dårligere
    """),
    recovered=phrases("""
        ikke længere, ikke mere, ingen problemer, alt i orden, alt ok, alt godt, oppe igen, oppe at køre
    """),
    conditions=words("hvis såfremt om når"),
    past=words("var havde været"),
    adversatives=words("men dog alligevel"),
    fillers=words("""
        stadig stadigvæk endnu heller rigtigt mig for os det er har at desværre nu helt igen slet hos
    """),
    away=phrases("""
        fraværsbesked, fraværende, ikke på kontoret, på ferie, har fri, holder ferie, på barsel, sygemeldt,
        automatisk svar, autosvar, automatisk genereret, automatisk besked, arbejder ikke længere, er fratrådt,
        kunne ikke leveres, ikke leveret, kan ikke leveres, postkassen er fuld, indbakken er fuld,
        vi har modtaget, hvor tilfreds, bedøm, tilfredshedsundersøgelse, sagen er lukket, din sag er lukket,
        din henvendelse er lukket, i hastetilfælde, ved hastende, tilbage på kontoret, begrænset adgang
    """),
)  # fmt: skip

NORWEGIAN = Language(
    name="no",
    thanks=phrases("takk, tusen takk, perfekt, supert, flott"),
    negators=words("ikke ingen inget ingenting aldri uten ikkje"),
    works=words("""
        virker virke virket fungerer fungere fungerte funker funka funket løst løyst rettet fikset ordnet ordna
        tilgjengelig borte bedre hjalp hjelper går gikk verkar løser løste forsvunnet
    """),
    deeds=words("""
        laster åpner åpne svarer starter betale logge bestille lagre sende bruke logget betalt lastet åpnet
        sendt bestilt lagret
        gjennom
    """),
    modals=words("kan kommer mulig får"),
    fails=words("""
        ødelagt feil feilen feiler feilmelding* problem* nede krasjer krasj* henger heng frosset låst umulig
        avvist avvises error* bug mislykkes mislyktes mislykket driftsstans driftsforstyrrelse* forstyrrelse*
        tom blokkert stopp treg kluss hvit hvitt krasjet krasja fryser fryst feilet sitter låser tomt ubrukelig
        avbrudd nedetid
        utilgjengelig tregt trege
    """),
    failing=phrases("""
        krasjer, feiler, henger, mislykkes, er nede, ligger nede, er ødelagt, gir feil, får en feil,
        får feilmelding, låser seg, er umulig,
        får en feilmelding, ser en feil, kommer en feil
    """),
    still=words("fortsatt fremdeles ennå enda fortsetter vedvarer framleis består"),
    again=words("igjen nok"),
    same=words("samme identisk"),
    things=words("ting beskjed resultat greia greie historie"),
    returns=phrases("""
        er tilbake, kommet tilbake, kom tilbake, vendt tilbake, er her igjen, skjedde igjen, skjedd igjen,
        skjer igjen, oppstått igjen, oppsto igjen, dukket opp igjen, dukker opp igjen, kommer tilbake,
        er der igjen
    """),
    others=words("jeg vi kollega han hun kontoret penger pakke ferie eg normalt"),
    unchanged=phrases("""
        ingen endring, ingen forskjell, ingen forbedring, ingenting har endret seg, ikke endret seg,
        ingenting har skjedd, som før, som tidligere, samme problem, ikke løst, ikke rettet, hjalp ikke,
        sluttet å virke, sluttet å fungere, fortsatt ikke, fremdeles ikke, ennå ikke, ikke bedre,
        problemet vedvarer, like ille,
        verre, dårligere
    """),
    recovered=phrases("""
        ikke lenger, ikke mer, ingen problemer, alt i orden, alt ok, alt bra, oppe igjen, oppe og går
    """),
    conditions=words("hvis dersom om når"),
    past=words("var hadde vært"),
    adversatives=words("men dog likevel"),
    fillers=words("""
        fortsatt fremdeles ennå heller riktig meg for oss det er har å dessverre nå helt igjen hos seg
    """),
    away=phrases("""
        fraværsmelding, fraværende, ikke på kontoret, ikke på jobb, på ferie, har fri, i permisjon,
        foreldrepermisjon, sykmeldt, automatisk svar, autosvar, automatisk generert, automatisk melding,
        jobber ikke lenger, arbeider ikke lenger, har sluttet, kunne ikke leveres, ikke levert,
        kan ikke leveres, postboksen er full, innboksen er full, vi har mottatt, hvor fornøyd, vurder,
        kundeundersøkelse, saken er lukket, saken din er lukket, henvendelsen din er lukket, ved hastesaker,
        tilbake på kontoret, begrenset tilgang
    """),
)  # fmt: skip

FINNISH = Language(
    name="fi",
    thanks=phrases("kiitos, kiitoksia, loistavaa, hienoa, mahtavaa"),
    negators=words("ei en emme eivät älä ilman mitään"),
    negated_first=True,
    works=words("""
        toimi toimii toiminut toimivat toimimaan toimineet korjattu korjaantunut korjautunut ratkennut ratkaistu
        poistunut onnistu onnistuu onnistunut parantunut auttanut hävinnyt kunnossa muuttunut ratkaissut korjaa
        auta
    """),
    deeds=words("""
        lataudu latautuu avaudu avautuu aukea vastaa käynnisty lataa avaa maksamaan kirjautumaan tallenna
        kirjautua maksaa ladata avata tilata
        läpi mene
    """),
    modals=words("voi voida pääse pääsee pääsen mahdollista saa pysty pystymme saada saatavilla"),
    fails=words("""
        rikki vika vikaa virhe virheen virhettä virheitä virheilmoitus* ongelma* ongelmia kaatuu kaatui kaatunut
        jumissa jumittaa jumittuu epäonnistuu epäonnistui alhaalla poikki mahdotonta pätkii häiriö* error* bugi
        hylätään estetty lukossa tyhjä hidas valkoinen jumittunut jumittui kaatuvat virheet viat vian ongelmat
        katkos katkot takkuaa pätki tökkii epäonnistunut
        hitaasti saatavilla
    """),
    failing=phrases("""
        kaatuu, epäonnistuu, jumittaa, jumittuu, on alhaalla, on rikki, on jumissa, antaa virheen,
        antaa virheilmoituksen, pätkii, saan virheen,
        saan virheilmoituksen, näen virheen, tulee virhe, tulee virheilmoitus
    """),
    still=words("""
        vielä vieläkin vieläkään edelleen edelleenkin edelleenkään yhä yhäkään jatkuu jatkuvasti jatkuvat
        taaskaan
    """),
    again=words("taas uudestaan jälleen uudelleen"),
    same=words("sama samaa samat samoja samalla"),
    things=words("juttu asia viesti ilmoitus tulos homma"),
    returns=phrases("""
        palasi, on palannut, tuli takaisin, tullut takaisin, on takaisin, toistui, toistuu, tapahtui uudestaan,
        tapahtui taas, ilmeni uudestaan, ilmestyi uudestaan, ilmeni taas, alkoi taas, tapahtuu taas,
        ovat palanneet
    """),
    others=words("""
        minä olen palaan me kollega hän rahat paketti lomalta töihin normaali* normaalisti
    """),
    unchanged=phrases("""
        ei muutosta, ei mitään muutosta, mikään ei ole muuttunut, ei ole muuttunut, ei parannusta, ei auttanut,
        sama ongelma, sama vika, sama virhe, kuten ennenkin, niin kuin ennenkin, lakkasi toimimasta,
        ei vieläkään, ei edelleenkään, ongelma jatkuu, vika jatkuu, ennallaan, ei ole korjattu,
        samassa tilanteessa,
        pahempi, pahentunut, huonompi
    """),
    recovered=phrases("ei enää, kaikki kunnossa, kaikki hyvin, ei ongelmia, taas kunnossa"),
    conditions=words("jos mikäli kun"),
    past=words("oli olivat ollut"),
    adversatives=words("mutta kuitenkin vaikka"),
    fillers=words("""
        vielä vieläkään edelleen edelleenkään yhä ole enää on se taas meillä minulla kunnolla valitettavasti nyt
        ollenkaan
    """),
    away=phrases("""
        poissaoloilmoitus, poissa, en ole paikalla, en ole töissä, lomalla, vuosilomalla, perhevapaalla,
        äitiyslomalla, sairauslomalla, automaattinen vastaus, automaattivastaus, automaattisesti luotu,
        automaattinen viesti, en työskentele enää, ei työskentele enää, ei voitu toimittaa,
        toimitus epäonnistui, ei toimitettu, postilaatikko on täynnä, olemme vastaanottaneet,
        viestisi on vastaanotettu, kuinka tyytyväinen, arvioi, asiakastyytyväisyys, tukipyyntö on suljettu,
        pyyntösi on suljettu, kiireellisissä asioissa, palaan töihin, palaan toimistolle, vastaan viestiisi
    """),
)  # fmt: skip
