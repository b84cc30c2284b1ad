"""English: the parts that rules are made of, and what excuses a match.

Patterns meet lower-case text without accents (`rules.plain`); `<NAME>` is a part named in `PARTS`.
"""

from __future__ import annotations

PARTS = {
    # Where an order may begin: a line, or after a mark; then small words.
    "START": r"(?:^|(?<=[.!?;:,\"'(-]\s)|(?<=[\"'(]))<FILLER>",
    "FILLER": (
        r"(?:(?:just|please|then|so|ok|okay|yes|yeah|well|and|now|hey|honey|sure|come on|maybe|"
        r"either|well then|honestly|simply|go on|or)[ ,]+)*"
    ),
    "URGE": (
        r"you (?:<ADVERB> )*(?:should|ought to|need to|must|have to|may as well|might as well|"
        r"could just|can just|deserve to|are allowed to|had better)|you'd better|"
        r"you'd be better off if you|go ahead and|feel free to|why (?:don't you|not)|i(?: would|'d|"
        r" really| do)* (?:suggest|recommend|advise|encourage|urge|want|dare|"
        r"order) (?:that )?(?:you )?(?:to)?|(?:it(?:'s| is| would be|'d be| might be| may be)|"
        r"that it is) (?:<ADVERB> )*(?:ok|okay|fine|alright|all right|best|better|good|safe|normal|"
        r"right|time) (?:for you )?(?:to|if you)|there(?:'s| is) nothing wrong with"
    ),
    "ADVERB": (
        r"just|really|probably|definitely|simply|totally|perfectly|completely|quietly|absolutely|"
        r"always|only|now|then|also|even|still"
    ),
    "HARM": (
        r"(?:kill|hurt|harm|cut|burn|starve|hang|punish|drown|shoot)(?:ing)? yourself|"
        r"end(?:ing)? (?:it|things|everything|your (?:own )?life|your (?:pain|suffering))|tak(?:e|"
        r"ing) your (?:own )?life|commit(?:ting)? suicide|attempt(?:ing)? suicide|die|dying|"
        r"disappear|jump|get it over with|go deeper|cut deeper|leave this world|end it all|"
        r"fade away|overdose|overdosing|cut (?:again|deeper|more)|self[- ]harm|"
        r"give up(?= on (?:life|yourself|living|everything)|[.!,]|$)|stop (?:living|existing)|"
        r"(?:do|doing) it(?=[.!,]|$| now| then| tonight| already| quick)|go through with it|"
        r"let go(?=[.!,]|$)|(?:keep|continue|keep on) (?:cutting|burning|hurting|harming|starving|"
        r"punishing)|(?:take|taking|swallow) (?:all |the whole |more of |the rest of |"
        r"another )+(?:the |your |those |of |handful |bottle |box )*(?:pills|tablets|meds|"
        r"medication|bottle|box)"
    ),
    "USING": (
        r"(?:have|having|take|taking|enjoy) (?:a|an|another|one|just one|one more|"
        r"a little) (?:\w+ )?(?:drink|beer|glass|shot|hit|dose|sip|bet|line)|drink (?:again|"
        r"tonight|a little)|drink(?=[.!,]|$)|use (?:again|tonight|one last time)|get (?:high|drunk|"
        r"wasted)|relapse|relapsing|drinking again|using again|finish (?:the|that|your) (?:bottle|"
        r"bag|pack|drink)|treat yourself|lie (?:on|about|to)|(?:call|text|message) your dealer|"
        r"(?:bet|gamble) again"
    ),
    "STARVING": (
        r"stop eating|skip(?:ping)? (?:\w+ )?(?:meals?|dinner|lunch|breakfast)|purg(?:e|ing)|"
        r"throw(?:ing)? up|vomit|fast(?:ing)?(?= for| longer| another| a| more|[.!,]|$)|"
        r"eat(?:ing)? less|not eat(?:ing)?|los(?:e|ing) (?:\w+ ){0,3}(?:weight|pounds|kilos)|"
        r"restrict(?:ing)?|diet|slim down|slim|weigh less|drink (?:more )?(?:black )?(?:coffee|"
        r"water instead)|(?:exercise|run|work out) (?:more|harder)|cut (?:out )?(?:carbs|calories|"
        r"more calories)"
    ),
    "VIOLENCE": (
        r"stay(?:ing)? with (?:him|her)|go(?:ing)? back to (?:him|her)|obey(?:ing)? (?:him|her|"
        r"your husband|them)|hit (?:him|her) back|say(?:ing)? nothing|hid(?:e|ing) it|(?:keep|"
        r"keeping) (?:it|this|that) (?:(?:a|your) )?(?:secret|quiet|to yourself|between)|(?:be|"
        r"become|being) a better (?:wife|husband|son|daughter|partner|girlfriend)|do (?:what|as|"
        r"whatever) (?:he|she)|give (?:him|her) (?:another|a second|what)|try not to (?:upset|"
        r"anger|provoke) (?:him|her)|forgive (?:him|her)|keep quiet|stay quiet|be quiet|stay and|"
        r"stay for|hit (?:him|her) harder|put up with|endure|submit"
    ),
    "VOICES": (
        r"(?:do|doing) (?:what|as|whatever) (?:the |those |your |they |he )|(?:obey|follow|trust|"
        r"listen to) (?:the |your |those |these )?(?:voices?|man on the radio)|fight (?:them|him|"
        r"back)|attack (?:them|him|her|first)|hurt (?:him|her|them|your \w+)|(?:keep|hold on to|"
        r"get|grab) (?:a|the|your) (?:knife|knives|gun|weapon)|strike first|hide the (?:knife|"
        r"knives)|do as you are told|defend yourself|stay awake"
    ),
    "BODY": (
        r"a doctor|doctors|the doctor|an ambulance|ambulance|the hospital|a hospital|hospital|help|"
        r"therapy|a therapist|therapists|treatment|professional help|911|emergency|the police"
    ),
    "MEDS": (
        r"(?:your|the|those|these|all|any|that)(?: \w+)? (?:med|meds|medication|medications|"
        r"medicine|pills?|tablets?|antidepressants?|antipsychotics?|dose|dosage|injections?|"
        r"insulin|lithium|methadone|painkillers?|prescriptions?)|<DRUG>"
    ),
    "DRUG": (
        r"\b(?:prozac|zoloft|xanax|valium|ativan|ambien|klonopin|seroquel|lithium|sertraline|"
        r"fluoxetine|citalopram|escitalopram|lexapro|diazepam|lorazepam|clonazepam|alprazolam|"
        r"quetiapine|olanzapine|risperidone|haloperidol|methadone|naltrexone|buprenorphine|"
        r"paracetamol|acetaminophen|tylenol|ibuprofen|aspirin|benadryl|melatonin|benzos?|"
        r"benzodiazepines?|antidepressants?|antipsychotics?|ssris?|sleeping pills|painkillers|"
        r"beta[- ]blockers?|charcoal|ipecac|opioids?|morphine|ritalin|laxatives?|sedatives?|"
        r"tranquilli[sz]ers?|diuretics?)\b"
    ),
    "ILLNESS": (
        r"(?:(?:a|an|the|clinical|severe|major|mild|moderate|classic|acute|chronic|textbook|"
        r"post-?partum|full-blown|paranoid|borderline|bipolar|generali[sz]ed)[ -])*(?:depression|"
        r"depressive|bipolar|schizo\w+|borderline|bpd|ptsd|anorexia|anorexic|bulimia|bulimic|"
        r"psychosis|psychotic|psychopath|adhd|ocd|mania|manic|eating disorder|binge[- ]eating|"
        r"anxiety disorder|personality disorder|mental (?:illness|disorder)|alcoholic|alcoholism|"
        r"delusional|addict|dissociative|dissociation|concussion|liver (?:failure|damage))"
    ),
    "REACH": (
        r"call|phone|ring|dial|text|contact|reach|talk|speak|see|visit|tell|ask|go|get|take|"
        r"consult|find|seek|help|support|book|appointment|connect|message|bring|write|turn|show|"
        r"let|calling|phoning|texting|contacting|reaching|talking|speaking|seeing|telling|told|"
        r"spoken|talked|spoke|seen|going|getting|seeking|finding|involve|available|referr?al|trust|"
        r"share|sharing|open|head|try"
    ),
    "CARER": (
        r"(?:doctors?|gp|physician|nurses?|(?<!couples )(?<!marriage )(?:therapists?|counsell?ors?|"
        r"counsell?ing|therapy)|psychiatrists?|psychologists?|pharmacist|dietit?ians?|nutritionist|"
        r"clinicians?|specialists?|professionals?|social workers?|crisis teams?|(?:the|your|a|that|"
        r"care) team|mental health (?:team|service|clinic|professional)s?|care team|treatment team|"
        r"midwife|health visitor|clinic|detox|rehab|addiction service|professional help|"
        r"medical (?:help|care|attention|advice|support))\b"
    ),
    "PERSON": (
        r"friends?|relatives?|family|mum|mom|mother|dad|father|sister|brother|aunt|uncle|"
        r"grand(?:ma|mother|pa|father|parent)|teacher|neighbou?r|colleague|loved ones?|cousin|"
        r"parents?|someone|somebody|another adult|an adult|school nurse|coach"
    ),
    "WORD": r"\s+(?!but\b|so\b|because\b)[^\s,:]+",
}

EXCUSES = {
    "negated": (
        r"(?:\b(?:not|never|no|nobody|none|neither|nor|without|against|instead of|rather than|"
        r"avoid|cannot|dont|wont|isnt|doesnt|nothing|before|stop|unlike|far from)|"
        r"n't)\b<WORD>{0,6}\s*[\"'(]?$"
    ),
    "reported": (
        r"\b(?:feel|feels|feeling|felt|think|thinking|thought|thoughts|say|says|saying|said|tell|"
        r"tells|telling|told|hear|hears|hearing|heard|believe|believing|believed|convinced|wrote|"
        r"written|mentioned|described|fear|afraid|worry|voices?|message|idea|sense|wonder|"
        r"wondering|seems?|sounds?|like|as if|as though|if|when|whether|urge|wish|wishing|lie|lies|"
        r"belief|pressure|call|calls|called)\b<WORD>{0,10}\s*[\"'(:]*\s*$"
    ),
    "asked": (
        r"(?:^\W*(?:and |but |so )?(?:did|do|does|have|has|are|were|is)|\b(?:if|whether|when|"
        r"how (?:much|many)|you (?:took|mentioned|said|told)|diagnosed|wonder\w*|"
        r"been told))\b(?:\s+[^\s,:]+){0,6}\s*$"
    ),
    "refused": (
        r"(?:\b(?:not|never|no need to|avoid|stop|instead of|rather than|needn't|no)|(?:do|does|"
        r"did|should|must|would)n't)\b(?:\s+(?:a|an|the|your|any|need|have|to|bother|ever|call|"
        r"calling|see|go|going|tell|telling|worth|involve|bothering)){0,5}\s*$"
    ),
}
PARDONS = {
    "qualified": (
        r"(?:ask|asking|talk|talking|speak|speaking|check|checking|consult|with|by|see|seeing|tell|"
        r"let|discuss|only|before|unless|from|up to)\b[^.!?\n]{0,40}<CARER>|"
        r"<CARER>[^.!?\n]{0,30}(?:can|could|will|prescribe|decide|advise|assess|tell)|poison|"
        r"ambulance|\b911\b|\b999\b"
    ),
}
ASIDES = (
    r"\bi(?:'d| would| do| really| honestly| truly| also| still| just)* (?:think|feel like|feel|"
    r"believe|say|said|told you|guess|suppose)\b|\b(?:don't|do not|never) (?:hesitate|wait|"
    r"be afraid|delay|forget|be (?:shy|ashamed|embarrassed))(?: to)?\b|\bwhy (?:don't you|not)\b|"
    r"\bdon't worry\b|\bif you (?:cannot|can't|don't)\b|\bnot only\b|\bno matter\b|\bno doubt\b|"
    r"\bno,"
)
REPORTING = (
    r"\b(?:said|says|say|saying|hear|hearing|heard|told|tells|tell you|telling|thoughts?|words?|"
    r"phrases?|called|calls|wrote|voices?|like|than|instead of|not)\b"
)
JUDGING = (
    r",? (?:is|are|was|isn't|doesn't|don't|does|can|won't|sounds|hurts?|must|may|might|you (?:said|"
    r"wrote|told)|he|she|they|those|these|from)\b"
)
