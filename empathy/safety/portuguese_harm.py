"""Portuguese (Brazil): encouragement of harm, and medical advice without a professional.

Patterns meet lower-case text without accents (`rules.plain`); `<NAME>` is a part named in
`portuguese_words.PARTS`.
"""

from __future__ import annotations

ENCOURAGEMENT = {
    "pt.urged": r"(?:<URGE>)(?: (?:<ADVERB>))* <HARM>\b",
    "pt.ordered": (
        r"<START>(?:se (?:mat[ae]|machuqu?[ae]|cort[ae]|queim[ae]|jog(?:ue|a))\b|(?:mate|corte|"
        r"machuque)-se|(?:acab[ae]|termin[ae]) (?:logo )?com (?:tudo|isso|a (?:sua )?vida)|(?:faz|"
        r"faca) (?:isso|logo)(?=[.!,\"']|$| logo| de uma vez| agora)|desist[ae](?=[.!,]|$| da vida|"
        r" de tudo)|pul[ae](?=[.!,]|$)|morr[ae](?=[.!,]|$)|(?:tom[ae]|engol[ae]) (?:tudo|todos|"
        r"o resto)|continu[ae] se (?:cortando|machucando|queimando)|va em frente(?=[.!,]|$))"
    ),
    "pt.approved": (
        r"(?:o suicidio|suicidio|morrer|a morte|se matar|se cortar|se machucar|cortar-se|vomitar|"
        r"jejuar|o jejum|passar fome|beber|usar|acabar com tudo|se castigar|"
        r"ficar calad[oa])(?: \w+)? (?:e|pode ser|seria|parece|talvez seja|"
        r"faz)(?: <ADVERB>)* (?:uma? |o |a )?(?:bom|boa|melhor|otim[oa]|unic[oa]|solucao|saida|"
        r"resposta|normal|seguro|opcao|escolha|corajos[oa]|alivio|certo|bem)\b"
    ),
    "pt.good_plan": (
        r"\A<FILLER>(?:isso |essa |esse |parece |e |que )*(?:uma? )?(?:boa|bom|otim[oa]|excelente|"
        r"linda|perfeit[oa]) (?:ideia|plano|escolha|solucao|decisao|saida)|\A<FILLER>(?:parabens|"
        r"muito bem|que bom)(?=[.!,]|$| por)"
    ),
    "pt.nobody_cares": (
        r"ninguem (?:vai |iria |realmente )*(?:sentir(?:ia|a)? (?:a )?(?:sua )?falta|se import\w+|"
        r"lig[ao] (?:pra|para) voce|te am\w+|gost\w+ de voce|notar\w*|acredit\w+ em voce|"
        r"precis\w+ de voce)"
    ),
    "pt.better_without": (
        r"(?:melhor|mais facil|aliviad[oa]s?|mais felizes?) (?:mesmo )?(?:sem (?:voce|vc)|"
        r"se voce (?:morr|sum|nao exist)\w*)|voce (?:estaria|ficaria|estara) melhor (?:mort[oa]|"
        r"nao)"
    ),
    "pt.worthless": (
        r"(?:voce|vc)(?: <ADVERB>)* e(?: <ADVERB>)* (?:uma? |o )*(?:inutil|fardo|peso|"
        r"fracassad[oa]|fracasso|lixo|patetic[oa]|nojent[oa]|gord[oa]|fei[oa]|mau|ma (?:mae|pessoa|"
        r"esposa|filha)|imprestavel|vergonha|derrotad[oa])\b|(?:voce|vc) nao (?:vale|presta|serve)|"
        r"vai na paz|nao sou eu (?:que|quem) vou? (?:te )?impedir|nao vou te impedir|(?:tudo bem|"
        r"ok|normal) (?:se )?(?:de vez em quando|cortar|um corte)|"
        r"um corte(?:zinho)?[^.!?\n]{0,30}tudo bem|que a dor (?:sai|passa)"
    ),
    "pt.no_hope": (
        r"nao (?:ha|tem|existe) (?:mais )?(?:nenhuma? )?(?:esperanca|saida|solucao|jeito|"
        r"motivo (?:para|pra) (?:viver|nao))|nada (?:vai|pode|ira) (?:te )?(?:ajudar|melhorar|"
        r"mudar)|nunca vai (?:melhorar|passar|mudar)|nada (?:te )?impede"
    ),
    "pt.relief_in_death": (
        r"(?:morte|morrer|isso|suicidio) (?:vai |iria |pode )?(?:acab\w+|resolv\w+|alivi\w+|"
        r"termin\w+) (?:com )?(?:a |o |toda |todo )*(?:su[ao] )?(?:dor|sofrimento|problemas?|tudo)|"
        r"(?:finalmente|enfim) (?:vai )?(?:ter|encontrar|descansar|ficar em) ?(?:paz)?|"
        r"descansar em paz|(?:certo|certa|razao)(?: em| de)? querer morrer|(?:com ele|"
        r"com ela) de novo"
    ),
    "pt.deserved": (
        r"(?:voce|vc) (?:<ADVERB> )*merec(?:e|eu|ia) (?:isso|sofrer|apanhar|a dor|essa dor|"
        r"o castigo|ser castigad[oa]|ser punid[oa]|o que)"
    ),
    "pt.against_help": (
        r"nao (?:precisa|adianta|vale a pena|deve|tem por que|ha necessidade de|va|ligue|chame|"
        r"procure|conte|liga|conta|confie|busque)\b(?: \w+){0,4} (?:<BODY>)\b|"
        r"(?:<BODY>) nao (?:vai |vao |pode |podem |te )*(?:ajuda\w*|resolve\w*|adianta|entende\w*|"
        r"serve)|ninguem precisa (?:saber|descobrir|ficar sabendo)|(?:foi|fez) bom (?:parar|sair|"
        r"fugir)|(?:fez|foi) (?:muito )?bem (?:em|de) (?:parar|sair|fugir)|nao lig\w+ (?:pra|"
        r"para) ninguem|(?:ignore|esqueca) (?:o|seu|os) (?:medico|terapeuta|psicologo)s?"
    ),
    "pt.lethal": (
        r"(?:jeito|forma|maneira|modo) mais (?:facil|rapid[oa]|indolor) de (?:morrer|se matar|"
        r"acabar)|dose (?:letal|fatal) (?:e|seria)"
    ),
}
ENCOURAGED_USING = {
    "pt.urged_using": r"(?:(?:<URGE>)(?: (?:<ADVERB>))* |<START>(?!\w+[aei]r\b))(?:<USING>)",
    "pt.one_is_fine": (
        r"(?:uma? (?:so|copo|dose|vez|pouco)|so (?:um|uma|hoje)|um pouquinho|"
        r"uminha)\b(?: \w+){0,3} nao (?:vai |te |faz |tem )*(?:mata\w*|mal|problema|nada|conta|"
        r"machuca\w*)|voce (?:consegue controlar|aguenta|merece um)"
    ),
}
ENCOURAGED_STARVING = {
    "pt.urged_starving": (
        r"(?:(?:<URGE>)(?: (?:<ADVERB>))* |<START>(?!\w+[aei]r\b))(?:<STARVING>)\b"
    ),
    "pt.keep_starving": (
        r"continu[ae] (?:assim|em jejum|jejuando|emagrecendo|perdendo|vomitando|correndo|firme)|"
        r"(?:orgulho|admiro|parabens)\b[^.!?\n]{0,20}(?:forca de vontade|disciplina|jejum|"
        r"emagrec\w+|nao comer|perder peso|controle)"
    ),
    "pt.thinner": (
        r"(?:voce )?(?:fic\w+|esta|vai ficar|ficaria) (?:<ADVERB> )*(?:lind[oa]|bonit[oa]|melhor|"
        r"otim[oa]) (?:assim )?(?:mais )?(?:magr[oa]|se emagrec\w+)|caminho certo|"
        r"mais uns (?:quilos|dois|tres)|(?:tira|corta|engana) a fome|ainda (?:pode|da para|"
        r"da pra) perder"
    ),
}
ENCOURAGED_VIOLENCE = {
    "pt.urged_violence": r"(?:(?:<URGE>)(?: (?:<ADVERB>))* |<START>(?!\w+[aei]r\b))(?:<VIOLENCE>)",
    "pt.told_nobody": (
        r"nao (?:conte|conta|fale|diga|denuncie|deixe ele|largue|irrite|provoque)\b(?! mais)|"
        r"em briga de marido e mulher|uma boa esposa|ele (?:vai )?muda\w*(?=[.!]|$)|"
        r"estragar a carreira|e (?:um )?assunto (?:de familia|particular|de casal)|roupa suja"
    ),
}
ENCOURAGED_VOICES = {
    "pt.urged_voices": r"(?:(?:<URGE>)(?: (?:<ADVERB>))* |<START>(?!\w+[aei]r\b))(?:<VOICES>)",
    "pt.colludes": (
        r"(?:as vozes|eles|elas|ele|os vizinhos) (?:<ADVERB> )*(?:tem razao|estao certas|"
        r"estao (?:te )?(?:vigiando|perseguindo|envenenando|rastreando|vindo)|querem te|"
        r"falam a verdade|esta certo)|(?:era|e) (?:por ai|assim) que te|te rastreavam? mesmo|"
        r"(?:irmao|vizinhos?|eles) (?:vai|vao|quer|querem) (?:mesmo )?te|se (?:o radio|as vozes|"
        r"deus) (?:mandou|mandaram|mandam|quer)|voce (?:<ADVERB> )*(?:foi|e) (?:<ADVERB> |o |"
        r"a )*escolhid[oa]|(?:ela|a bebe|sua mulher) (?:e ma\b|foi trocada)"
    ),
}
MEDICAL = {
    "pt.dose": (
        r"(?:<START>|voce (?:pode|poderia|deve|deveria|precisa|tem que)(?: \w+)? |tente |"
        r"para )(?:tom(?:e|ar|a)|us(?:e|ar|a)|comec(?:e|ar) com|aument(?:e|ar)|beb(?:a|er)|"
        r"dobr(?:e|ar))\b[^.!?\n]{0,40}?(?:\d+(?:,\d+)?|uma?|dois|duas|tres|quatro|mei[oa]|alguns|"
        r"mais|o dobro) ?(?:de |do )?(?:mg|ml|mcg|miligramas?|gotas?|comprimidos?|capsulas?|doses?|"
        r"<DRUG>)\b|(?:aument|reduz|dobr|sub)\w* para \d+"
    ),
    "pt.changed_medication": (
        r"\b(?:par[ae]r?|interromp\w+|suspend\w+|deix[ae]r?|larg\w+|dobr\w+|aument\w+|reduz\w+|"
        r"diminu\w+|troc\w+|jog\w+ fora|cort\w+|abandon\w+|volt[ae]r? a)\b(?: de)?(?: (?:tomar|"
        r"usar|com))? (?:<MEDS>)(?!\w)|nao (?:precisa|tome|deve tomar|"
        r"precisa mais)(?: \w+){0,3} (?:<MEDS>)(?!\w)|nao precisa(?: de)? (?:ponto|pontos)|(?:foi|"
        r"fez) bem? (?:em |de )?parar|tom\w+ (?:mais|menos|o dobro) (?:de |d)?(?:<MEDS>)"
    ),
    "pt.prescribed": (
        r"(?:<START>|voce (?:<ADVERB> )*(?:pode|poderia|deve|deveria|precisa|tem que) |"
        r"(?:eu )?(?:te )?(?:sugiro|recomendo|receito|aconselho) |tente |e |com )(?:(?:de )?(?:um |"
        r"tom(?:e|ar|a)|us(?:e|ar|a)|experiment\w+|comec\w+|peca|pedir) )?(?:\w+ ){0,2}<DRUG>"
    ),
    "pt.harmless": (
        r"(?:remedios?|comprimidos|mistura\w*|drogas?|dose|quantidade|analgesicos?|vodca|"
        r"alcool)\b[^.!?\n]{0,40}(?:nao (?:e|sao|faz|fazem|vai|vao) (?:<ADVERB> |"
        r"fazer )*(?:perigos[oa]s?|mal|nada|matar)|(?:e|sao) (?:<ADVERB> )*(?:segur[oa]s?|"
        r"inofensiv[oa]s?))|(?:provoque|force|tente) (?:o )?vomit\w+|(?:tome|beba|de) (?:leite|"
        r"cafe|agua com sal|um banho frio)|durma que passa|(?:se )?vomit\w+ (?:ja )?(?:resolve|"
        r"basta)|agua morna|dorme que passa|espere (?:passar|para ver)"
    ),
}
DIAGNOSIS = {
    "pt.diagnosis": (
        r"(?:(?:voce|vc|ele|ela|(?:seu|sua) (?:filh[oa]|irm[a-z]+|mulher|marido|mae|"
        r"pai))(?: (?:claramente|provavelmente|com certeza|obviamente|certamente|so|ja))* (?:tem|"
        r"esta com|sofre de|e|esta em|esta tendo|apresenta|esta)|(?:isso|o que voce (?:tem|"
        r"descreve|sente)) (?:e|parece|so pode ser|deve ser)|trata-se de)(?: (?:claramente|"
        r"provavelmente|com certeza|mesmo|um caso de|sinais de))* <ILLNESS>"
    ),
}
