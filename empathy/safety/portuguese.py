"""Portuguese (Brazil): dismissal, what points to help, and the language's rules put together.

Patterns meet lower-case text without accents (`rules.plain`); `<NAME>` is a part named in
`portuguese_words.PARTS`.
"""

from __future__ import annotations

from empathy.safety.portuguese_harm import (
    DIAGNOSIS,
    ENCOURAGED_STARVING,
    ENCOURAGED_USING,
    ENCOURAGED_VIOLENCE,
    ENCOURAGED_VOICES,
    ENCOURAGEMENT,
    MEDICAL,
)
from empathy.safety.portuguese_words import ASIDES, EXCUSES, JUDGING, PARDONS, PARTS, REPORTING
from empathy.safety.rules import SOFT, Said, Table, language

DISMISSAL = {
    "pt.calm_down": (
        r"(?:<START>|voce (?:<ADVERB> )*(?:precisa|tem que|deve|deveria) |tente |e so |basta |"
        r"primeiro,? )(?:se acalm[ae]\w*|(?:fica|fique) calm[oa]|calma(?=[.!,]|$)|acalme-se|"
        r"relax[ae]\w*|(?:fica|fique) (?:tranquil[oa]|de boa)|sossega)"
    ),
    "pt.not_so_bad": (
        r"nao (?:e|esta|deve ser|pode ser|parece|foi) (?:<ADVERB> )*(?:tao|assim)(?: tao)? (?:ruim|"
        r"mal|grave|serio|dificil)|nao e (?:pra|para) tanto|nao e o fim do mundo"
    ),
    "pt.no_big_deal": (
        r"nao (?:e|foi|tem) (?:nada|nada de mais|nada demais|grande coisa|problema)(?=[.!,]|$)|"
        r"nao (?:ha|tem|existe) (?:motivo|razao) (?:para|pra) (?:tanto|se preocupar|panico|"
        r"tristeza|ficar|ter medo|chorar)|<START>nao se preocup[ea](?=[.!,]|$| com isso)|"
        r"(?:isso )?e (?:besteira|bobagem|frescura|mimimi|exagero|drama|falta de (?:deus|fe|louca|"
        r"o que fazer))\b|que (?:besteira|bobagem|exagero|drama)|precisa desse (?:drama|exagero)|"
        r"a toa\b|(?:deixa|deixe) de (?:bobeira|besteira|frescura)|amanha (?:voce |vc )?(?:nem|ja)|"
        r"(?:de|passa) que passa|que (?:isso )?passa(?=[.!]|$)|vai ficar tudo bem(?=[.!,]|$)"
    ),
    "pt.everyone": (
        r"(?:todo mundo|todos nos|toda pessoa|toda a gente|todo adolescente|"
        r"muita gente)(?: as vezes| tambem| ja| se)* (?:sente|passa|passou|tem|fica|pensa|vive|"
        r"sofre|bebe|se sente|faz|ouve)\b|acontece com todo mundo|altos e baixos"
    ),
    "pt.others_worse": (
        r"(?:gente|pessoas|outros|criancas|quem)\b[^.!?\n]{0,30}(?:\bpior(?:es)?\b|"
        r"problemas (?:de verdade|reais|maiores))|(?:podia|poderia) ser (?:muito )?pior|"
        r"voce (?:<ADVERB> )*(?:e|tem) (?:<ADVERB> )*(?:sortud[oa]|sorte)|problema (?:de verdade|"
        r"real) (?:e|seria)"
    ),
    "pt.overreacting": (
        r"(?:voce|vc) (?:<ADVERB> )*(?:esta|ta|e|anda)(?: <ADVERB>| sendo)* (?:exagerad[oa]|"
        r"exagerando|dramatic[oa]|fazendo drama|sensivel|egoista|ridicul[oa]|paranoic[oa]|"
        r"imaginando|louc[oa]|malu[cq]\w+|frac[oa]|bob[oa]|covarde|ingrat[oa]|preguicos[oa]|"
        r"inventando|mentindo|infantil|doid[oa])\b|(?:so|apenas) (?:quer|esta querendo|"
        r"querendo) (?:chamar )?(?:a )?atencao|chamar (?:a )?atencao(?=[.!,]|$)|(?:e|esta|"
        r"ta) (?:tudo |so )+(?:coisa )?(?:d?a|n?a) sua (?:cabeca|imaginacao)|coisa da sua cabeca|"
        r"(?:voce|vc)(?: <ADVERB>)* (?:e|esta)(?: <ADVERB>)* (?:bem )?(?:grandinh[oa]|velh[oa]|"
        r"nov[oa]) (?:demais )?(?:para|pra)|(?:vergonha|cara)(?: \w+){0,2} na cara|"
        r"nao pode ser egoista|ser egoista|(?:homem|mulher) (?:nao (?:tem|chora|apanha|bate)|"
        r"com medo)|apanhar de mulher|loucura sua|(?:nao seja|deixa de ser|deixe de ser|"
        r"para de ser|pare de ser) \w+|(?:para|pare|deixa|deixe) (?:com|de) (?:esse |essa |"
        r"fazer )?(?:drama|frescura|besteira|bobagem|mimimi|exagero)"
    ),
    "pt.get_over_it": (
        r"(?:<START>|voce (?:<ADVERB> )*(?:precisa|tem que|deve|deveria) |e so |basta |"
        r"hora de )(?:super[ae]r?(?=[.!,]|$| isso| logo)|bola (?:pra|para) frente|toc[ae]r? a vida|"
        r"seguir em frente|siga em frente|(?:ore|ora|reze|reza) que|pense (?:em|nos|nas|no|"
        r"na) (?:seus|suas|filhos|sua|seu|familia)|pare com isso|(?:vira|vire) (?:a pagina|homem)|"
        r"levanta a cabeca|(?:se )?anim[ae]r?(?=[.!,-]|$)|reag[ei]r?(?=[.!,]|$)|engol[ea] o choro|"
        r"(?:para|pare) de (?:chorar|reclamar|pensar|sofrer|se lamentar|frescura)|seja (?:forte|"
        r"homem|grat[oa]|feliz|mais)|ser (?:forte|homem|mais forte)|agrade[cç]\w+|"
        r"pens[ea]r? positivo|(?:deixa|deixe) (?:isso )?(?:pra la|para la|de lado)|"
        r"esque[cç]\w+ (?:isso|ele|dela|dele)|sorri[ar]?(?=[.!,]|$)|crescer?(?=[.!,]|$))"
    ),
    "pt.just_do": (
        r"(?:(?:e|basta) so|basta|simplesmente|so precisa|so tem que|e so voce) (?:nao |"
        r"<ADVERB> )*(?:comer|parar|pare|pensar|ignor\w+|esquec\w+|sorrir|ser feliz|ter (?:fe|"
        r"forca|foco|pensamento)|orar|rezar|reagir|querer|dizer|se distrair|se distraia|sair|"
        r"dormir|largar|terminar|deixar|se esforcar)|<START>so (?:come|coma|para|pare|ignora|"
        r"ignore|esquece|reza|ore)|<START>(?:coma|come) (?:alguma coisa|um pouco|normal|direito)|"
        r"e so (?:uma fase|um dia ruim|cansaco|estresse|coisa)|(?:isso )?e (?:so )?(?:uma )?fase|"
        r"(?:basta|falta)(?: ter| de)? (?:forca de vontade|fe|deus|vergonha|vontade)|e so ter|"
        r"(?:questao|falta) de (?:vontade|forca|carater)|<START>ignor[ae] (?:as|essas|isso|ele)"
    ),
    "pt.cheer": (
        r"voce (?:<ADVERB> )*tem (?:tudo|tanto|tanta coisa|muito|tantos motivos)(?: \w+)? (?:pra|"
        r"para|pelo|por) (?:ser|viver|agradecer|que)|(?:de|por) que voce (?:reclama|chora|"
        r"tem (?:pra|para) reclamar)|suicidio e (?:egoi\w+|pecado|covardia|coisa de)|(?:egoismo|"
        r"covardia|pecado) (?:seu|da sua parte)|pense em como (?:sua|seus)|o lado bom|"
        r"olhe pelo lado"
    ),
    "pt.minimised_violence": (
        r"(?:ele|ela|eles) (?:<ADVERB> |com certeza |certamente )*(?:nao fez por mal|nao quis|"
        r"te ama|so (?:esta|estava|queria|quer)|estava so|deve (?:estar|te amar)|nao teve)|"
        r"todo (?:casal|casamento) (?:briga|tem|passa)|toda familia (?:briga|tem)|"
        r"o que (?:foi que )?(?:voce|vc) (?:fez|disse) (?:para|pra) (?:ele|ela|provocar|irritar)|"
        r"voce (?:deve ter|provavelmente) provoc\w+|homem e assim|"
        r"(?:a )?culpa (?:tambem )?e (?:<ADVERB> )*(?:sua|tua)|tem certeza (?:de )?que (?:isso|ele|"
        r"ela|foi|aconteceu)|isso nao e (?:abuso|violencia)|quando um nao quer|homem nao sofre"
    ),
}
DISMISSED_DELUSION = {
    "pt.argued_delusion": (
        r"(?:vozes|elas|eles|isso|cameras?|nada disso|ninguem)\b[^.!?\n]{0,20}?(?:nao (?:e|sao|"
        r"estao)) (?:<ADVERB> )*(?:reais|real|possivel|ai)(?=[.!,]|$)|(?:vozes|cameras|isso|elas|"
        r"eles) nao existem?\b|isso (?:e|parece) (?:<ADVERB> )*(?:loucura|absurdo|maluquice|"
        r"impossivel|ridiculo|coisa de louco|imaginacao)|nao (?:tem|ha|existe) (?:camera|voz|"
        r"ninguem|veneno)\w*|isso nao existe|ninguem (?:esta|ta|vai) (?:te )?(?:vigiando|"
        r"perseguindo|envenenando|seguindo|vindo|atras)"
    ),
}
SIGNPOSTS = {
    "crisis_line": {
        "pt.crisis_line": (
            r"\bcvv\b|\b188\b|centro de valorizacao|linha de (?:apoio|crise|ajuda)|"
            r"disque[- ]intoxicac\w+|ceatox|ciatox|\b0800\b|(?:apoio|telefone|"
            r"ajuda) (?:emocional )?(?:24 horas|gratuit[oa])|telefone de (?:ajuda|apoio|emergencia)"
        ),
    },
    "emergency": {
        "pt.emergency": (
            r"\b(?:192|190|193)\b|\bsamu\b|ambulancia|pronto[- ](?:socorro|atendimento)|emergencia|"
            r"\bupa\b|(?:<REACH>)[^.!?\n]{0,40}hospital|hospital mais (?:perto|proximo)|bombeiros|"
            r"socorro medico|atendimento (?:medico )?(?:urgente|imediato|agora)"
        ),
    },
    "professional": {
        "pt.professional": (
            r"\b(?:<REACH>)\b[^.!?\n]{0,70}\b<CARER>|<CARER>[^.!?\n]{0,20} (?:pode|podem|vai|vao|"
            r"sabe|poderia|precisa|deve)\b|(?:precisa|merece) (?:de )?(?:\w+ )?(?:ajuda|cuidado|"
            r"atendimento) (?:profissional|medic[oa]|especializad[oa])"
        ),
    },
    "trusted": {
        "pt.trusted": (
            r"(?:alguem|pessoa|<PERSON>)(?: \w+){0,3} (?:em quem|em que|que|de quem) (?:voce |"
            r"vc )?(?:tenha |mais )?confi\w+|de (?:sua )?confianca|(?:<REACH>|acord[ae]\w*|deixe|"
            r"com)(?: \w+){0,4} (?:<PERSON>)\b|(?:quem|alguem)\b[^.!?\n]{0,30} (?:pode(?:ria)?|"
            r"podia) (?:ligar|chamar|contar|ficar|ajudar|conversar|falar)|alguem (?:perto|proximo|"
            r"por perto)|(?:para|pra|com) quem voce (?:pode|poderia|consegue)"
        ),
    },
    "safety": {
        "pt.asked_safety": (
            r"(?:voce|vc) (?:esta|ta|se sente) (?:em |num |correndo )?(?:segur\w+|perigo|risco|"
            r"lugar seguro|machucad[oa])|(?:pensando|pensado|pensa|pensou|"
            r"pensamentos?)(?: \w+)? (?:em|de) (?:se |tirar|morrer|morte|suicidio|acabar)|(?:tem|"
            r"fez|existe) (?:algum |um )?plano|sua seguranca|(?:pretende|planeja|vai|"
            r"quer) se (?:matar|machucar|ferir|cortar)|em (?:seguranca|perigo)"
        ),
        "pt.stay_with": (
            r"(?:fi(?:ca|car|que|co|cando)|esteja|estar|sent\w+)(?: \w+){0,3} (?:com|ao lado de|"
            r"perto de) (?:voce(?= (?:ate|enquanto|agora|hoje)|[.!,])|alguem|algum|uma? |su?a |"
            r"seu |<PERSON>)|(?:tem|ha) alguem (?:\w+ )?(?:com voce|ai|perto)|nao fi(?:que|"
            r"car) sozinh[oa]|sem ficar sozinh[oa]"
        ),
        "pt.means": (
            r"(?:tir|afast|guard|entreg|deix|coloc|dar|de)\w*\b[^.!?\n]{0,40}(?:longe|"
            r"fora do alcance|para alguem|pra alguem|de perto|distancia)|(?:lugar|local) seguro|"
            r"plano de seguranca"
        ),
    },
    "abuse_service": {
        "pt.abuse_service": (
            r"policia|delegacia|\b180\b|disque[- ]?(?:100|denuncia)|\b100\b(?=[ ,.!])|"
            r"conselho tutelar|casa (?:abrigo|da mulher)|maria da penha|\bcreas\b|\bcras\b|"
            r"medida protetiva|defensoria|abrigo"
        ),
    },
    "peers": {
        "pt.peers": (
            r"padrinho|madrinha|\b(?:aa|na)\b(?= (?:hoje|perto|online))|(?:reuniao|grupo) (?:do|de|"
            r"dos|hoje|de hoje|da)|(?:alcoolicos|narcoticos|jogadores) anonimos|grupo de apoio|"
            r"(?:volt\w+|ir|va|ligar)[^.!?\n]{0,20} grupo"
        ),
    },
}

PORTUGUESE = language(
    (
        Table("encouragement", ENCOURAGEMENT, SOFT),
        Table("encouragement", ENCOURAGED_USING, SOFT, ("relapse", "overdose")),
        Table("encouragement", ENCOURAGED_STARVING, SOFT, ("eating_disorder",)),
        Table("encouragement", ENCOURAGED_VIOLENCE, SOFT, ("abuse",)),
        Table("encouragement", ENCOURAGED_VOICES, SOFT, ("psychosis",)),
        Table("dismissal", DISMISSAL, SOFT),
        Table("dismissal", DISMISSED_DELUSION, SOFT, ("psychosis",)),
        Table("medical", MEDICAL, (*SOFT, "asked", "qualified")),
        Table("medical", DIAGNOSIS, ("negated", "asked", "qualified")),
        *(Table(sign, rows, ("refused",)) for sign, rows in SIGNPOSTS.items()),
    ),
    PARTS,
    Said(EXCUSES, PARDONS, ASIDES, REPORTING, JUDGING),
)
