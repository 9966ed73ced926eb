"""Polish, Czech, Russian, Turkish; Japanese and Chinese by phrases only, because they put no blanks between words."""

from __future__ import annotations

from incidents.texts.languages.language import Language, phrases, words

POLISH = Language(
    name="pl",
    thanks=phrases("dziękuję, dzięki, dziękujemy, świetnie, super"),
    negators=words("nie nigdy nic żaden żadnych żadnej bez brak"),
    negated_first=True,
    works=words("""
        działa działają działać działało naprawione naprawiono naprawiony naprawiona rozwiązane rozwiązano
        rozwiązany rozwiązana ładują dostępne dostępna dostępny zniknął zniknęło lepiej pomogło pomaga chodzi
        usunięty usunięto rozwiązało rozwiązuje naprawia zniknęła udaje udało
    """),
    deeds=words("""
        ładuje otwiera odpowiada uruchamia zapłacić zalogować otworzyć wysłać
        zapisać przechodzi przechodzą przeszła przeszło przejść
    """),
    modals=words("mogę możemy można możliwe da"),
    fails=words("""
        błąd błędy błędu błędem błędów problem* awaria awarię awarii zepsute zepsuty zepsuta zawiesza zawiesił
        zawieszone wiesza pada padł padło niedostępne niedostępny niedostępna niemożliwe odrzucona odrzucone
        odrzuca zablokowane zablokowany usterka usterkę crashuje leży wywala wyskakuje pusty wolno biały biała
        pusta puste zacina zacięło zawiesiła zepsuło nieczynne zablokowana niedziałający
        wolna stoi powolna powolny zamula
    """),
    failing=phrases("""
        zawiesza się, zacina się, pada, wywala, wywala się, wiesza się, leży, jest zepsute, jest zepsuty,
        jest niedostępna, jest niedostępny, wyskakuje błąd, pokazuje błąd, mam błąd, nie udaje się,
        dostaję błąd, dostaję komunikat o błędzie, widzę błąd, pojawia się błąd
    """),
    still=words("nadal wciąż dalej ciągle jeszcze trwa utrzymuje"),
    again=words("znowu znów ponownie powtórnie"),
    same=words("sam samo sama taki takie identyczny"),
    things=words("samo rzecz komunikat wynik sytuacja"),
    returns=phrases("""
        wrócił, wróciło, wróciła, wróciły, powrócił, powróciło, powróciła, powtórzył się, powtórzyło się,
        powtarza się, pojawił się znowu, znowu się pojawił, pojawił się ponownie, znowu to samo,
        zdarzyło się ponownie, znowu się stało, znów to samo, wraca
    """),
    others=words("""
        ja my jestem wrócę kolega koleżanka pieniądze paczka urlopu biura normy normalnie normie działania
    """),
    unchanged=phrases("""
        bez zmian, nic się nie zmieniło, żadnych zmian, brak poprawy, bez poprawy, żadnej poprawy, nadal nic,
        wciąż nic, nadal to samo, dalej to samo, ten sam błąd, ten sam problem, ta sama usterka,
        tak jak wcześniej, jak poprzednio, nie pomogło, przestało działać, problem występuje,
        problem nie zniknął, nie rozwiązano, nie naprawiono,
        gorzej, gorszy
    """),
    recovered=phrases("""
        już nie ma, nie ma już, wszystko dobrze, wszystko ok, wszystko w porządku, bez problemu, bez problemów
    """),
    conditions=words("jeśli jeżeli gdyby czy jakby gdy"),
    past=words("był było była były miałem"),
    adversatives=words("ale jednak lecz natomiast niestety"),
    fillers=words("""
        nadal wciąż dalej się mi nam u mnie nas to jest w ogóle już jeszcze zostało został mogę poprawnie tu
    """),
    away=phrases("""
        poza biurem, nieobecny, nieobecna, nieobecność, na urlopie, urlop, na zwolnieniu,
        automatyczna odpowiedź, autoodpowiedź, wiadomość automatyczna, wygenerowana automatycznie,
        wygenerowany automatycznie, nie pracuję już, już nie pracuję, nie pracuje już, nie można dostarczyć,
        niedostarczona, nie została dostarczona, nie mogła zostać dostarczona, skrzynka jest pełna,
        skrzynka pocztowa jest pełna, otrzymaliśmy twoją, otrzymaliśmy państwa, otrzymaliśmy zgłoszenie,
        jak oceniasz, oceń, ankieta, zgłoszenie zostało zamknięte, zgłoszenie zamknięte, w pilnych sprawach,
        w sprawach pilnych, wracam do biura, będę z powrotem
    """),
)  # fmt: skip

CZECH = Language(
    name="cs",
    thanks=phrases("děkuji, díky, děkujeme, skvělé, super"),
    negators=words("ne není nejsou nikdy nic žádný žádné žádná bez nelze"),
    negated_first=True,
    works=words("""
        funguje fungují jde jdou vyřešeno vyřešený opraveno opravený načte načítá otevře dostupné lepší pomohlo
    """),
    modals=words("možné"),
    fails=words("""
        nefunguje nefungují nejde nejdou nefungoval chyba chybu chyby problém* rozbité rozbitý padá spadl spadlo
        zamrzá zamrzl výpadek nedostupné nedostupný nemožné odmítnuto zablokováno porucha nelze nemůžu nemohu
        nemůžeme nenačte nenačítá neotevře nedá nevyřešeno neopraveno error* nedaří
    """),
    failing=phrases("""
        padá, zamrzá, nefunguje, nefungují, nejde to, nejde mi, je rozbité, je nedostupný, hlásí chybu,
        vyhazuje chybu, nedaří se, nemůžu se přihlásit, nelze se přihlásit, nejde zaplatit
    """),
    still=words("stále pořád ještě nadále trvá přetrvává"),
    again=words("opět znovu zase"),
    same=words("stejný stejná stejné stejnou tentýž totéž"),
    things=words("věc hláška výsledek"),
    returns=phrases("""
        vrátil se, vrátila se, se vrátil, se vrátila, je zpět, objevil se znovu, stalo se znovu, opakuje se,
        se opakuje
    """),
    others=words("já my jsem budu kolega vrátím peníze balík"),
    unchanged=phrases("""
        beze změny, žádná změna, nic se nezměnilo, žádné zlepšení, stejné jako předtím, jako předtím, nepomohlo,
        problém přetrvává, chyba přetrvává, přestalo fungovat, pořád nic, stále nic, pořád ne, stále ne,
        není vyřešen, není opraveno, není vyřešeno,
        horší
    """),
    recovered=phrases("už ne, vše v pořádku, všechno v pořádku, vše funguje, bez problémů"),
    conditions=words("pokud jestli kdyby zda když"),
    past=words("byl bylo byla"),
    adversatives=words("ale avšak bohužel však"),
    fillers=words("stále pořád ještě mi nám se to je u nás vůbec už správně"),
    away=phrases("""
        mimo kancelář, nepřítomen, nepřítomna, nepřítomnost, na dovolené, dovolenou, automatická odpověď,
        automaticky vygenerována, již nepracuji, nelze doručit, nedoručitelné, nebyla doručena,
        schránka je plná, obdrželi jsme, jak hodnotíte, ohodnoťte, průzkum spokojenosti, požadavek byl uzavřen,
        tiket byl uzavřen, v naléhavých případech
    """),
)  # fmt: skip

RUSSIAN = Language(
    name="ru",
    thanks=phrases("спасибо, благодарю, отлично, супер"),
    negators=words("не нет никогда ничего без нельзя ни"),
    negated_first=True,
    works=words("""
        работает работают работать заработало заработал решена решено решили исправлено исправлена исправили
        загружается открывается отвечает получается доступен доступно помогло лучше исчезла устранена
    """),
    modals=words("могу можем можно удается получилось"),
    fails=words("""
        ошибка ошибку ошибки ошибкой проблема проблему проблемы сбой сбои сломано сломан падает упал зависает
        завис недоступен недоступно невозможно отклонен отклоняет заблокирован баг вылетает глючит
    """),
    failing=phrases("""
        зависает, падает, вылетает, выдает ошибку, сломано, недоступен, не открывается, не грузится
    """),
    still=words("""
        еще ещё до все всё попрежнему по-прежнему прежнему продолжает сохраняется остается остаётся продолжается
    """),
    again=words("снова опять повторно вновь"),
    same=words("та тот то такая такой"),
    things=words("самое же самая"),
    returns=phrases("""
        вернулась, вернулся, вернулось, повторилась, повторилось, повторился, появилась снова, снова появилась,
        опять появилась, случилось снова, повторяется
    """),
    others=words("я мы буду коллега деньги отпуска офис"),
    unchanged=phrases("""
        без изменений, ничего не изменилось, никаких изменений, все так же, всё так же, не помогло, то же самое,
        та же ошибка, та же проблема, тот же сбой, перестало работать, до сих пор не, все еще не, всё ещё не,
        по-прежнему не, так и не работает, не решена, не исправлено,
        хуже, стало хуже
    """),
    recovered=phrases("больше нет, все хорошо, всё хорошо, все в порядке, всё в порядке"),
    conditions=words("если ли"),
    past=words("было была был"),
    adversatives=words("но однако хотя"),
    fillers=words("все всё еще ещё у меня нас это до сих пор так и по-прежнему вообще"),
    away=phrases("""
        вне офиса, в отпуске, отсутствую, автоматический ответ, автоответ, сгенерировано автоматически,
        больше не работаю, не доставлено, не удалось доставить, почтовый ящик переполнен, мы получили ваш,
        ваше обращение получено, оцените, опрос, обращение закрыто, заявка закрыта, по срочным вопросам
    """),
)  # fmt: skip

TURKISH = Language(
    name="tr",
    thanks=phrases("teşekkürler, teşekkür ederim, sağ olun, mükemmel"),
    negators=words("değil yok hiç"),
    works=words("çalışıyor çözüldü düzeldi açılıyor yükleniyor"),
    fails=words("""
        çalışmıyor çalışmadı hata hatası hatayı sorun sorunu bozuk çöküyor çöktü kapalı açılmıyor yüklenmiyor
        giremiyorum ödeyemiyorum yapamıyorum yapılamıyor olmuyor arıza arızalı dondu donuyor erişilemiyor
        erişemiyorum çözülmedi düzelmedi reddedildi başarısız imkansız
    """),
    failing=phrases("""
        çalışmıyor, çalışmadı, çöküyor, açılmıyor, yüklenmiyor, hata veriyor, giremiyorum, ödeyemiyorum,
        düzelmedi, çözülmedi
    """),
    still=words("hala hâlâ halen devam sürüyor henüz"),
    again=words("yine tekrar yeniden gene"),
    same=words("aynı"),
    things=words("şey mesaj sonuç durum"),
    returns=phrases("""
        geri geldi, geri döndü, tekrar oldu, yine oldu, tekrarlandı, tekrarladı, yeniden ortaya çıktı
    """),
    others=words("ben biz param iadem paket döneceğim"),
    unchanged=phrases("""
        değişen bir şey yok, hiçbir şey değişmedi, değişiklik yok, sorun devam ediyor, hata devam ediyor,
        işe yaramadı, aynı sorun, aynı hata, çözülmedi, düzelmedi, hala çalışmıyor,
        daha kötü
    """),
    recovered=phrases("artık yok, her şey yolunda, sorun kalmadı, sorun yok, hata yok"),
    conditions=words("eğer"),
    past=words("idi vardı"),
    adversatives=words("ama ancak fakat maalesef"),
    fillers=words("hala hâlâ bir bu da de bende bizde"),
    away=phrases("""
        ofis dışında, izindeyim, tatildeyim, otomatik yanıt, otomatik cevap, otomatik olarak oluşturul*,
        teslim edilemedi, posta kutusu dolu, mesajınızı aldık, talebinizi aldık, değerlendirin,
        memnuniyet anketi, talebiniz kapatıldı
    """),
)  # fmt: skip

JAPANESE = Language(
    name="ja",
    thanks=phrases("ありがとう, 助かりました"),
    unchanged=words("""
        まだ直って まだ治って まだ動か まだ動き まだエラー まだ使え
        まだ解決 まだできな まだ繋が まだつなが まだダメ まだだめ
        再発 また同じ 同じエラー 同じ問題 同じ症状 また起き
        また発生 解決していません 解決しません 直っていません 直りません 改善しま
        改善して 変わりません 変わっていません 相変わらず 引き続きエラー 依然として
    """),
    recovered=words("直りました 解決しました 動きました 使えるようになりました 改善しました"),
    away=words("不在 休暇 自動返信 自動応答 配信できません 受け付けました アンケート"),
)  # fmt: skip

CHINESE = Language(
    name="zh",
    thanks=phrases("谢谢, 多谢, 感谢"),
    unchanged=words("""
        还是不行 仍然不行 还是无法 仍然无法 依然无法 还是不能
        仍然不能 还没修好 还没解决 没有解决 没有修复 尚未解决
        仍未解决 又出现 又坏了 又不行 问题依旧 问题仍然
        问题还在 同样的问题 同样的错误 相同的错误 没有变化 還是不行
        仍然無法 還是無法 沒有解決 又出現
    """),
    recovered=words("已经好了 可以了 恢复了 解决了"),
    away=words("自动回复 自動回覆 不在办公室 休假 外出 无法送达 退信 满意度调查 已收到您的"),
)  # fmt: skip
