"""French, Spanish, Portuguese, Italian."""

from __future__ import annotations

from incidents.texts.languages.language import Language, phrases, words

FRENCH = Language(
    name="fr",
    thanks=phrases("merci, parfait, super, génial, nickel"),
    negators=words("pas jamais plus aucun aucune rien sans"),
    works=words("""
        marche marchent marchait remarche fonctionne fonctionnent fonctionnait refonctionne résolu résolue réglé
        réglée corrigé corrigée réparé réparée disponible accessible disparu aidé mieux va corrige règle résout
        résolvent
    """),
    deeds=words("""
        charge s'ouvre ouvre répond payer connecter commander accéder passe valider envoyer télécharger afficher
        s'affiche utiliser
        aboutit aboutissent abouti
    """),
    modals=words("arrive arrivons peux peut pouvons possible parviens"),
    fails=words("""
        panne pannes problème* souci soucis erreur* bug bugs plante plantent planté planter bloqué bloquée
        bloque échoue échouent échec échoué impossible cassé cassée refusé refusée inaccessible indisponible hs
        dysfonctionn* lent crash* anomalie incident blanche blanc vide vides figé figée coupure coupée
        inutilisable inutilisables défaillant* défaillance plantage plantages bloqués bloquées impossibilité
        rame rament lente lents
    """),
    failing=phrases("""
        plante, plantent, échoue, échouent, se bloque, est en panne, sont en panne, est bloqué, est hs,
        affiche une erreur, est inaccessible, est indisponible, me donne une erreur, ne passe pas,
        ai un message d'erreur, ai une erreur, reçois une erreur, reçois un message d'erreur,
        obtiens une erreur, apparaît une erreur
    """),
    still=words("toujours encore persiste persistent continue continuent reste demeure"),
    again=words("nouveau encore re-"),
    same=words("même mêmes identique"),
    things=words("chose message constat résultat écran situation"),
    returns=phrases("""
        est revenu, est revenue, sont revenus, est de retour, sont de retour, revient, reviennent, réapparu,
        réapparue, réapparaît, ça recommence, a recommencé, recommence, s'est reproduit, se reproduit, rebelote,
        est réapparu
    """),
    others=words("""
        je nous j'ai suis serai sommes collègue il elle argent colis normale normal ordre
    """),
    unchanged=phrases("""
        aucun changement, aucune amélioration, pas de changement, pas d'amélioration, rien n'a changé,
        rien ne change, rien de changé, rien ne marche, toujours pas, toujours rien, problème persiste,
        erreur persiste, en panne, comme avant, au même point, n'a rien donné, n'a rien changé, ne change rien,
        pas mieux, idem, pas résolu, pas réglé, marche plus, fonctionne plus, marche pas, fonctionne pas,
        sans amélioration, pas d'évolution,
        pire, empiré
    """),
    recovered=phrases("""
        plus de problème, plus de souci, plus d'erreur, plus aucun problème, tout est bon, c'est bon,
        rentré dans l'ordre, tout va bien, n'ai plus, n'avons plus
    """),
    conditions=words("si"),
    past=words("était avait étaient avaient"),
    adversatives=phrases("mais, cependant, pourtant, toutefois, par contre"),
    fillers=phrases("""
        toujours, encore, vraiment, du tout, chez, moi, nous, le, la, l, un, une, est, a, bien, ne, y, de, ça,
        se, tout
    """),
    away=phrases("""
        absence du bureau, message d'absence, absent, absente, en congé, en congés, en vacances,
        congé maternité, congé parental, arrêt maladie, réponse automatique, message automatique,
        généré automatiquement, ne fais plus partie, ne travaille plus, a quitté l'entreprise, non remis,
        n'a pas pu être remis, n'a pas pu être distribué, échec de la remise, échec de remise,
        n'a pas été remis, boîte pleine, boîte de réception est pleine, adresse introuvable,
        nous avons bien reçu, votre demande a été reçue, accusons réception, êtes-vous satisfait, évaluer,
        enquête de satisfaction, ticket a été fermé, demande a été clôturée, demande a été fermée,
        en cas d'urgence, de retour le, de retour au bureau, pendant mon absence, sera pas lu, ne sera pas lu
    """),
)  # fmt: skip

SPANISH = Language(
    name="es",
    thanks=phrases("gracias, perfecto, genial, estupendo"),
    negators=words("no nunca ningún ninguna nada sin tampoco jamás"),
    negated_first=True,
    works=words("""
        funciona funcionan funcionaba funcionar funcionando anda va arreglado arreglada resuelto resuelta
        solucionado solucionada solucionó arregló disponible mejor sirve sirvió ayudó desaparecido corregido
        soluciona resuelve arregla
    """),
    deeds=words("""
        carga cargan cargar abre abrir responde pagar entrar acceder iniciar conecta conectar guardar enviar
        usar comprar
        completa completan procesa procesan
    """),
    modals=words("puedo podemos puede deja posible logro consigo"),
    fails=words("""
        falla fallan fallando fallo fallos error errores problema* caído caída caídos roto rota bloqueado
        bloqueada bloquea imposible rechazado rechaza rechazan cuelga colgado cierra avería averías incidencia
        incidencias mal inaccesible bug lento blanco blanca vacía vacío congelado congelada bloqueados rotos
        rotas inutilizable interrupción falló fallaron caer caídas
        lenta lentísimo
    """),
    failing=phrases("""
        falla, fallan, se cae, se cuelga, se bloquea, se cierra sola, se cierra solo, está caído, está caída,
        está roto, está rota, da error, me da error, sale error, está bloqueado, es imposible,
        sale un error, sale un mensaje de error, aparece un error, recibo un error,
        recibo un mensaje de error, tengo un error
    """),
    still=words("""
        sigue siguen sigo seguimos todavía aún continúa continúan continua persiste persisten permanece
    """),
    again=words("nuevo otra nuevamente vuelve volvió vuelto vuelven volver"),
    same=words("mismo misma mismos mismas idéntico"),
    things=words("cosa mensaje resultado historia situación"),
    returns=phrases("""
        ha vuelto, han vuelto, volvió, volvieron, ha regresado, regresó, ha reaparecido, reapareció,
        otra vez igual, ha vuelto a pasar, volvió a pasar, vuelve a pasar, ha vuelto a ocurrir,
        volvió a ocurrir, vuelve a ocurrir, está de vuelta, otra vez lo mismo, ha pasado otra vez,
        pasó otra vez, ocurre de nuevo, pasa de nuevo, ocurrió de nuevo, pasó de nuevo, vuelve a aparecer,
        ha vuelto a aparecer
    """),
    others=words("""
        he yo nosotros hemos compañero compañera estoy estaré dinero paquete vacaciones oficina normalidad
        normal funcionar
    """),
    unchanged=phrases("""
        sin cambios, ningún cambio, sin mejora, ninguna mejora, nada ha cambiado, no ha cambiado nada,
        sigue igual, seguimos igual, sigo igual, todo igual, sigue sin, sigo sin, seguimos sin, siguen sin,
        sigue dando, sigue sin ir, igual que antes, como antes, no ha servido, no sirvió, no ayudó, no me deja,
        no funciona, problema persiste, error persiste, problema continúa, no está resuelto,
        no está solucionado, lo mismo de antes, sin mejoras, ninguna diferencia,
        peor, ha empeorado
    """),
    recovered=phrases("""
        ya no, todo bien, todo en orden, todo correcto, sin problemas, de vuelta a la normalidad
    """),
    conditions=words("si caso cuando"),
    past=words("estaba era había estaban tenía"),
    adversatives=phrases("pero, sin embargo, aunque"),
    fillers=words("""
        todavía aún me nos se lo el la un está ha sigue a aquí bien en absoluto va ya les
    """),
    away=phrases("""
        fuera de la oficina, fuera de oficina, de vacaciones, estoy ausente, ausencia, de baja, baja maternal,
        respuesta automática, mensaje automático, generado automáticamente, ya no trabajo, ya no trabaja,
        ya no forma parte, no se ha podido entregar, no se pudo entregar, no entregado, no ha sido entregado,
        error de entrega, fallo en la entrega, buzón lleno, buzón está lleno, dirección no encontrada,
        hemos recibido su, hemos recibido tu, recibimos su, su solicitud ha sido recibida, cómo valoraría,
        califique, encuesta de satisfacción, valore, su solicitud ha sido cerrada, ticket ha sido cerrado,
        su caso ha sido cerrado, para asuntos urgentes, en caso de urgencia, contestaré el, responderé el,
        no puedo responder a su, a mi regreso, mi vuelta, regreso el, vuelvo el
    """),
)  # fmt: skip

PORTUGUESE = Language(
    name="pt",
    thanks=phrases("obrigado, obrigada, agradeço, agradecido, perfeito, ótimo"),
    negators=words("não nunca nenhum nenhuma nada sem nem"),
    negated_first=True,
    works=words("""
        funciona funcionam funcionar funcionando funcionou funcionava resolvido resolvida resolveu resolve
        corrigido arrumado consertado disponível melhor ajudou sumiu normalizado soluciona solucionou resolvidos
    """),
    deeds=words("""
        carrega carregar abre abrir responde pagar entrar acessar aceder conecta salvar guardar enviar usar
        comprar
        concluída concluído conclui processa
    """),
    modals=words("deu vai consigo conseguimos consegue conseguir dá posso podemos possível"),
    fails=words("""
        falha falham falhando falhou falhas falhar erro erros problema* caiu fora quebrado quebrada travado
        travada trava travando travou bloqueado bloqueada impossível recusado recusada avaria defeito bug
        indisponível inacessível lento caído avariado branco branca vazia vazio congelado congelada inutilizável
        interrupção quebrou quebrados avarias bugado falharam caindo cai
        lenta lentos
    """),
    failing=phrases("""
        falha, falham, trava, travam, cai, está fora do ar, está quebrado, está quebrada, está travado, dá erro,
        está dando erro, aparece erro, é impossível,
        recebo uma mensagem de erro, recebo um erro, aparece um erro, aparece uma mensagem de erro,
        tenho um erro
    """),
    still=words("""
        ainda continua continuam continuo continuamos persiste persistem permanece segue
    """),
    again=words("novo novamente outra voltou voltaram volta"),
    same=words("mesmo mesma mesmos mesmas idêntico"),
    things=words("coisa mensagem resultado situação história"),
    returns=phrases("""
        voltou, voltaram, está de volta, estão de volta, retornou, reapareceu, voltou a acontecer,
        aconteceu de novo, aconteceu novamente, acontece de novo, outra vez o mesmo, ocorreu de novo,
        ocorreu novamente, voltou a ocorrer, voltou a dar
    """),
    others=words("""
        eu nós colega voltei estou estarei dinheiro pacote férias ela ele funcionar normal escritório
    """),
    unchanged=phrases("""
        sem mudança, sem mudanças, sem alterações, nenhuma mudança, nada mudou, sem melhoria, nenhuma melhoria,
        continua igual, continua na mesma, tudo na mesma, tudo igual, continua sem, continuo sem,
        continuamos sem, continua com, continuo com, continua a dar, igual a antes, como antes, não adiantou,
        não ajudou, não resolveu, problema continua, problema persiste, erro persiste, parou de funcionar,
        deixou de funcionar, ainda nada, sem melhorias, sem melhoras, nenhuma melhora, sem nenhuma melhora,
        pior, piorou
    """),
    recovered=phrases("""
        voltou a funcionar, voltou ao normal, tudo certo, tudo bem, já não, não tenho mais, está ok,
        sem problemas
    """),
    conditions=words("se caso quando"),
    past=words("estava era tinha havia estavam"),
    adversatives=words("mas porém contudo entretanto embora"),
    fillers=words("""
        ainda está a o mesmo de bem nada aqui me nos foi já mais tá tem para mim estão um lo
    """),
    away=phrases("""
        fora do escritório, ausente, ausência, de férias, em férias, licença, resposta automática,
        mensagem automática, gerada automaticamente, gerado automaticamente, não trabalho mais, já não trabalho,
        não trabalha mais, não faz mais parte, não foi possível entregar, não pôde ser entregue, não entregue,
        falha na entrega, caixa de correio cheia, caixa de entrada está cheia, endereço não encontrado,
        recebemos a sua, recebemos sua, recebemos o seu, como avalia, avalie, pesquisa de satisfação,
        seu chamado foi encerrado, chamado foi fechado, ticket foi fechado, solicitação foi encerrada,
        em caso de urgência, para assuntos urgentes, sem acesso ao e-mail, não tenho acesso ao e-mail,
        respondo na, responderei, meu retorno, retorno no dia
    """),
)  # fmt: skip

ITALIAN = Language(
    name="it",
    thanks=phrases("grazie, perfetto, ottimo, ringrazio"),
    negators=words("non nessun nessuna mai niente nulla senza neanche né"),
    negated_first=True,
    works=words("""
        funziona funzionano funzionava funzionare funzionante va vanno risolto risolta sistemato sistemata
        riparato disponibile meglio aiutato scomparso corretto risolve risolvono sistema
    """),
    deeds=words("""
        carica caricano apre aprono risponde pagare accedere entrare collegarmi parte salvare inviare usare
        aprire
        completato completata completa elabora
    """),
    modals=words("riesco riusciamo riesce possiamo posso possibile"),
    fails=words("""
        rotto rotta guasto guasta errore errori problema problemi bloccato bloccata blocca fallisce falliscono
        fallito fallita impossibile rifiutato rifiutata disservizio disservizi giù irraggiungibile inaccessibile
        crash* bug malfunziona* anomalia lento bianca bianco vuota vuoto bloccati bloccate guasti inutilizzabile
        interruzione malfunzionamento fallendo inceppato inceppa piantato pianta crasha
        lentissimo lenta lentissima
    """),
    failing=phrases("""
        fallisce, falliscono, si blocca, si bloccano, si pianta, va in crash, è giù, è bloccato, è rotto,
        è guasto, dà errore, mi dà errore, è irraggiungibile, è impossibile,
        esce un errore, compare un errore, ricevo un errore, appare un errore, esce un messaggio di errore,
        ho un errore
    """),
    still=words("""
        ancora continua continuano continuo continuiamo persiste persistono rimane resta tuttora sempre
    """),
    again=words("nuovo nuovamente ancora"),
    same=words("stesso stessa stessi stesse solito solita identico medesimo"),
    things=words("cosa messaggio risultato situazione storia schermata"),
    returns=phrases("""
        è tornato, è tornata, sono tornati, è ritornato, si ripresenta, si è ripresentato, ricomparso,
        è ricomparso, è successo di nuovo, è successo ancora, succede di nuovo, è ricapitato, ricominciato,
        ci risiamo, riappare, è riapparso, è di nuovo, torna a
    """),
    others=words("""
        io noi collega sono tornerò sarò soldi pacco lui lei normalità normale funzionare
    """),
    unchanged=phrases("""
        nessun cambiamento, nessun miglioramento, non è cambiato nulla, non è cambiato niente, niente di fatto,
        nulla è cambiato, tutto come prima, come prima, ancora niente, ancora nulla, non è risolto, non risolto,
        problema persiste, errore persiste, problema rimane, problema continua, non ha aiutato, non è servito,
        continua a dare, siamo punto e a capo, ha smesso di funzionare, non va, nessuna differenza,
        senza miglioramenti, nessuna novità,
        peggio, peggiorato
    """),
    recovered=phrases("""
        non ho più, nessun problema, tutto a posto, tutto ok, tutto bene, più problemi, tornato a funzionare,
        non c'è più
    """),
    conditions=words("se qualora quando"),
    past=words("era aveva erano avevano avevo"),
    adversatives=words("ma però tuttavia purtroppo invece"),
    fillers=words("""
        ancora è si mi ci lo la il un a bene per niente stato stata ha qui più del tutto di
    """),
    away=phrases("""
        fuori ufficio, fuori sede, assente, assenza, in ferie, in vacanza, in maternità, in malattia,
        risposta automatica, messaggio automatico, generato automaticamente, non lavoro più, non lavora più,
        non fa più parte, mancata consegna, non recapitabile, impossibile recapitare, non è stato recapitato,
        non è stato consegnato, impossibile consegnare, casella piena, casella di posta è piena,
        indirizzo non trovato, abbiamo ricevuto la sua, abbiamo ricevuto il suo, abbiamo ricevuto la tua,
        abbiamo preso in carico, come valuta, valuti, indagine di soddisfazione, sondaggio,
        il ticket è stato chiuso, la richiesta è stata chiusa, per urgenze, in caso di urgenza, rientrerò,
        al mio rientro, durante la mia assenza, non verrà letta
    """),
)  # fmt: skip
