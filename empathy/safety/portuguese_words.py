"""Portuguese (Brazil): the parts that rules are made of, and what excuses a match.

Patterns meet lower-case text without accents (`rules.plain`), so "nao" is "não", "e" is also "é".
"""

from __future__ import annotations

PARTS = {
    "START": r"(?:^|(?<=[.!?;:,\"'(-]\s)|(?<=[\"'(]))<FILLER>",
    "FILLER": (
        r"(?:(?:so|por favor|entao|ok|sim|bom|bem|e|agora|ei|olha|vai|va|anda|ou|talvez|"
        r"simplesmente|ah|poxa|calma|amig[oa]|querid[oa])[ ,]+)*"
    ),
    "ADVERB": (
        r"so|realmente|provavelmente|simplesmente|totalmente|completamente|mesmo|com certeza|agora|"
        r"tambem|ate|sempre|apenas|ainda|claramente|bem|muito|tao|meio|um pouco|mais"
    ),
    "YOU": r"(?:voce|vc|tu|ce)",
    "URGE": (
        r"<YOU> (?:<ADVERB> )*(?:deve|deveria|devia|precisa|tem que|tem de|pode|poderia|podia|"
        r"merece|tinha que)|por que (?:<YOU> )?nao|pode ir em frente e|pode(?= continuar| se |"
        r" fazer| tomar| usar| beber)|va em frente e|fique a vontade para|"
        r"(?:eu )?(?:te )?(?:sugiro|recomendo|aconselho|incentivo|quero)(?: que)?(?: <YOU>)?|(?:e|"
        r"seria|acho|tudo|esta) (?:<ADVERB> )*(?:melhor|bom|certo|normal|seguro|hora de|bem|ok|"
        r"aceitavel)(?: <YOU>)?|nao tem (?:problema|nada de errado|nada de mais|"
        r"mal)(?: nenhum)? (?:em|se <YOU>)"
    ),
    "HARM": (
        r"se (?:mat\w+|machu\w+|cort\w+|queim\w+|fer(?:ir|e|indo)|jog(?:ar|ue|a)|enforc\w+|puni\w+|"
        r"castig\w+)|(?:mat|machuc|cort|queim|fer)(?:ar|ir)-se|(?:acab|termin)(?:ar|e) com (?:tudo|"
        r"isso|a (?:sua )?(?:propria )?vida|o sofrimento|a dor)|(?:tir|tire)(?:ar)? a (?:sua |"
        r"propria )*vida|morr(?:er|a)|sumir|desaparec(?:er|a)|pul(?:ar|e)(?=[.!,]|$)|"
        r"ir embora deste mundo|apert(?:ar|e|a) mais|cort(?:ar|e|a) mais fundo|partir de vez|"
        r"desist(?:ir|a)(?= da vida| de viver| de tudo|[.!,]|$)|(?:faz|fac|fazer)(?:er|"
        r"a)? (?:isso )?(?:logo|de uma vez)|faca isso|fazer isso(?=[.!,]|$)|continu(?:ar|e|"
        r"a) (?:se )?(?:cortando|machucando|queimando|castigando|punindo)|(?:tom|engol)(?:ar|e|a|"
        r"ir) (?:todos |tudo|o resto|a caixa|mais )"
    ),
    "USING": (
        r"(?:tom(?:ar|e|a)|beb(?:er|a|e)) (?:so )?(?:um|uma|mais|outra|um pouco|de novo|uminha|"
        r"hoje)(?: \w+)?(?=[.!,]|$| (?:copo|dose|cerveja|gole|so|para|pra|hoje))|us(?:ar|e|"
        r"a) (?:de novo|so|mais|hoje|uma|um pouco)|recair|(?:termin|acab|tom)(?:ar|e|"
        r"a) (?:com )?(?:a |essa |o )(?:garrafa|resto|copo)|apost(?:ar|e|a) (?:so )?(?:mais|"
        r"de novo|uma)|mentir|beber(?=[.!,]|$)|(?:aposta|apost)(?:r|e) (?:de novo|mais)|(?:manda|"
        r"mande|mandar) (?:a )?mensagem (?:pro|para o) (?:cara|traficante)|fica(?:r)? (?:bebado|"
        r"chapado|doido)"
    ),
    "STARVING": (
        r"(?:par(?:ar|e)|deix(?:ar|e)) de comer|pul(?:ar|e) (?:\w+ )?(?:refeic\w+|janta\w*|almoco|"
        r"cafe)|vomit(?:ar|e)|jeju(?:ar|e|m)|faz(?:er)? (?:mais )?jejum|faca (?:\w+ )?(?:jejum|"
        r"dieta)|com(?:er|a) (?:bem )?menos|nao comer|(?:perd|emagre)(?:er|a|cer|ca) (?:mais|"
        r"um pouco|uns|alguns)|emagrecer|corra mais|treine mais|cort(?:ar|"
        r"e) (?:os )?(?:carboidratos|o pao|calorias)"
    ),
    "VIOLENCE": (
        r"(?:fic|continu)(?:ar|e|a) com (?:ele|ela)|volt(?:ar|e|a) (?:pra|para) (?:ele|ela)|"
        r"obede(?:cer|ca|ce)|(?:guard|mant)(?:ar|er|e|enha) (?:isso |o |esse )?(?:em )?segredo|"
        r"fic(?:ar|a|que) (?:quiet[oa]|calad[oa]|na sua)|ser uma? (?:esposa|mulher|marido|"
        r"filh[oa]) melhor|(?:seja) uma? (?:esposa|mulher|marido|filh[oa]) melhor|bat(?:er|"
        r"a) (?:nele|nela|de volta)|perdo(?:ar|e|a)(?=[ .,])|d(?:ar|e|a) (?:mais )?(?:uma|"
        r"outra) (?:segunda )?chance|faz(?:er)? o que (?:ele|ela)|faca o que (?:ele|ela)|"
        r"aguent(?:ar|e|a)|suport(?:ar|e)|fic(?:ar|a|que) (?:bem )?(?:quiet[oa]|calad[oa])|"
        r"guard(?:ar|e|a) (?:o |esse |este )?segredo|tent(?:ar|e) nao (?:irritar|provocar)"
    ),
    "VOICES": (
        r"(?:fac|faz|obedec|obedeca|segu|sig|escut|confi)\w* (?:o que |n?as |a )?(?:as |essas |"
        r"suas )?(?:vozes|elas|ele mand\w*|o homem)|(?:ataqu|atac)\w+ (?:ele|ela|eles|primeiro)|"
        r"machu\w+ (?:ele|ela|o seu|seu) ?|(?:peg|segur|guard|mant)\w* (?:a|as|uma|sua|"
        r"suas) (?:faca|facas|arma)|se defend(?:a|e|er)|escond(?:a|e|er) (?:a|as) facas?"
    ),
    "BODY": (
        r"medico|medica|hospital|ambulancia|ajuda(?: profissional)?|terapia|psicolog[oa]|"
        r"psiquiatra|policia|samu|tratamento|pronto[- ]socorro|ninguem"
    ),
    "MEDS": (
        r"(?:o|os|a|as|seus?|suas?|esses?|esse|essas?|todos os|do seu|dos)(?: \w+)? (?:remedios?|"
        r"medicac\w+|medicamentos?|comprimidos?|antidepressivos?|doses?|dosagem|injec\w+|insulina|"
        r"litio|metadona|analgesicos?|receita)|<DRUG>"
    ),
    "DRUG": (
        r"\b(?:rivotril|clonazepam|diazepam|valium|lexotan|bromazepam|alprazolam|frontal|"
        r"fluoxetina|sertralina|escitalopram|citalopram|quetiapina|olanzapina|risperidona|haldol|"
        r"haloperidol|litio|zolpidem|metadona|naltrexona|dipirona|paracetamol|ibuprofeno|dorflex|"
        r"melatonina|ansioliticos?|antidepressivos?|antipsicoticos?|calmantes?|benzodiazepinicos?|"
        r"analgesicos?|ritalina|carvao ativado|laxantes?|anti-?inflamatorios?|pomada|sedativos?|"
        r"diureticos?|remedio para dormir|tarja preta)\b"
    ),
    "ILLNESS": (
        r"(?:(?:um|uma|a|o|quadro de|transtorno|crise de|caso de|grave|leve|profunda|"
        r"classic[oa]) )*(?:depressao|depressiv[oa]|bipolar\w*|esquizo\w+|borderline|tept|anorexia|"
        r"anorexic[ao]|bulimia|bulimic[ao]|psicose|psicotic[oa]|tdah|toc\b|mania\b|maniac[oa]|"
        r"alimentar|alcoolatra|alcoolismo|dependente quimic[oa]|viciad[oa]|doenca mental|"
        r"compulsao alimentar|de personalidade|de ansiedade|delirando|delirio|surto)"
    ),
    "REACH": (
        r"ligu?\w*|fal\w+|procur\w+|busc\w+|cont(?:e|ar|ando|a|ou) |cham\w+|conversa\w*|converse|"
        r"va|ir|vai|pec\w+|pedir|marqu\w+|marcar|consult\w+|avis\w+|acion\w+|mostr\w+|lev\w+|"
        r"corr\w+|ajuda|apoio|acompanhamento|encaminh\w+|atendimento|escrev\w+|mand\w+|junt[oa]s?|"
        r"agend\w+|volt\w+"
    ),
    "CARER": (
        r"(?:medic[oa]s?|psicolog[oa]s?|psiquiatras?|terapeutas?|(?<!de casal )terapia|"
        r"enfermeir[oa]s?|nutricionistas?|farmaceutic[oa]|profissional|profissionais|"
        r"assistente social|caps\b|ubs\b|upa\b|posto de saude|unidade de saude|clinica|"
        r"equipe de saude|postinho|conselheir[oa]|cardiologista|ginecologista|dentista|"
        r"internacao)\b"
    ),
    "PERSON": (
        r"amig[oa]s?|parentes?|familia\w*|mae|pai|pais|irma|irmao|tia|tio|avo|professora?|"
        r"vizinh[oa]|colega|prim[oa]|alguem|adult[oa]|coordenadora?|pessoa"
    ),
    "WORD": r"\s+(?!mas\b|porem\b|entao\b|porque\b)[^\s,:]+",
}

EXCUSES = {
    "negated": (
        r"\b(?:nao|nunca|jamais|nem|sem|ninguem|nenhum|nenhuma|contra|em vez de|ao inves de|evite|"
        r"evitar|nada|longe de|antes de|pare de|parar de|impedir)\b<WORD>{0,6}\s*[\"'(]?$"
    ),
    "reported": (
        r"\b(?:sente|sentir|sentindo|sentiu|sentem|acha|achar|achando|achou|acham|pensa|pensar|"
        r"pensando|pensou|pensamentos?|diz|dizem|dizer|dizendo|disse|disseram|fala|falam|falar|"
        r"falou|falando|ouve|ouvir|ouvindo|ouviu|acredita|acreditar|acreditando|convencid[oa]|medo|"
        r"vozes?|voz|mensagem|ideia|sensacao|parece|parecer|como se|se|quando|vontade|impressao|"
        r"mente|mentira|crenca|imagino|manda|mandam|chama|chamam|chamou|duvida|"
        r"frases?)\b<WORD>{0,10}\s*[\"'(:]*\s*$"
    ),
    "asked": (
        r"\b(?:se|quanto|quantos|quantas|quando|tomou|ja (?:tem|teve|recebeu)|foi diagnosticad\w+|"
        r"contou|disse|mencionou|sera|sabe)\b(?:\s+[^\s,:]+){0,6}\s*$"
    ),
    "refused": (
        r"\b(?:nao|nunca|nem|evite|em vez de|jamais|pare de)\b(?:\s+(?:e|um|uma|o|a|seu|sua|"
        r"precisa|precisar|de|adianta|vale a pena|va|ir|ligue|ligar|procure|procurar|chame|chamar|"
        r"conte|contar|fale|falar|sou|necessario|tem|para|por que|com|fique|esperando)){0,5}\s*$"
    ),
}
PARDONS = {
    "qualified": (
        r"(?:pergunt\w+|convers\w+|fal\w+|consult\w+|com|pel[oa]|procur\w+|so|antes|sem|depende|"
        r"avis\w+|ao|a)\b[^.!?\n]{0,40}<CARER>|<CARER>[^.!?\n]{0,30}(?:pode|podem|vai|vao|"
        r"prescrev\w+|avali\w+|decid\w+|dizer)|\bsamu\b|\b192\b|ambulancia|intoxicac"
    ),
}
ASIDES = (
    r"\beu (?:acho|penso|sinto|acredito|digo|diria)(?: que)?\b|\bacho que\b|\bnao (?:hesite|espere|"
    r"tenha (?:medo|vergonha)|deixe|demore|se esqueca|esqueca|se envergonhe)(?: em| de| para)?\b|"
    r"\bpor que (?:voce |vc )?nao\b|\bnao se preocupe\b|\bnao (?:so|apenas|importa)\b|"
    r"\bse (?:voce |vc )?nao (?:consegu\w+|pud\w+|estiver|der|melhorar|se sentir)\b|\bnao,|"
    r"\bse cuid\w+"
)
REPORTING = (
    r"\b(?:diz|dizem|disse|disseram|dizer|dizendo|ouvir|ouve|ouviu|fala|falam|falar|falou|"
    r"pensamentos?|palavras?|frases?|chama|chamam|chamou|escreveu|vozes?|voz|como|em vez de|nao)\b"
)
JUDGING = (
    r",? (?:e|sao|era|nao|pode|podem|doi|doem|machuca\w*|soa|deve|voce (?:disse|escreveu)|ele|ela|"
    r"essas|esses|isso)\b"
)
