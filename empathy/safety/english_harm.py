"""English: encouragement of harm, and medical advice without a professional.

Patterns meet lower-case text without accents (`rules.plain`); `<NAME>` is a part named in
`english_words.PARTS`.
"""

from __future__ import annotations

ENCOURAGEMENT = {
    "en.urged": r"(?:<URGE>)(?: (?:<ADVERB>))* <HARM>\b",
    "en.ordered": (
        r"<START>(?:(?:kill|hurt|cut|burn|starve|hang|drown) yourself|end it(?: all)?\b|"
        r"end your (?:own )?life|(?:do|try) it(?= again|[.!,\"']|$| now| then| tonight| already)|"
        r"give up(?=[.!,]|$)|jump(?=[.!,]|$)|die(?=[.!,]|$)|go (?:die|kill)|keep (?:cutting|"
        r"burning|hurting yourself)|go through with it|(?:take|swallow) (?:all|the rest of) )"
    ),
    "en.approved": (
        r"(?:suicide|dying|death|killing yourself|cutting|self-harm|harming yourself|"
        r"hurting yourself|burning yourself|purging|fasting|starving|overdosing|drinking|using|"
        r"punishing yourself|staying silent|ending (?:it|your life))(?: \w+)? (?:is|can be|"
        r"might be|may be|would be|sounds|seems)(?: like)? (?:<ADVERB> )*(?:a |an |the |"
        r"your )?(?:good|great|best|only|right|answer|solution|fine|ok|okay|harmless|normal|safe|"
        r"brave|reasonable|understandable choice|option|way out|helpful|effective)"
    ),
    "en.good_plan": (
        r"\A<FILLER>(?:wow[,!]? )?(?:that|it|this)(?:'s| is| sounds like) (?:such )?(?:a |"
        r"an )?(?:really |very )?(?:good|great|excellent|wonderful|perfect|reasonable|smart|"
        r"beautiful|lovely) (?:idea|plan|choice|solution|decision|option|way)|"
        r"\A<FILLER>good (?:for you|idea|plan|choice|job|work)|\A<FILLER>(?:congratulations|"
        r"well done)"
    ),
    "en.nobody_cares": (
        r"(?:nobody|no one|no-one|not a soul) (?:would |will |really |even )*(?:miss|cares?|notice|"
        r"loves?|wants?|needs?|believes?) (?:you|about you|anyway|if you)|nobody cares"
    ),
    "en.better_without": (
        r"better off (?:without you|dead|if you (?:were|died|are) )|you(?:'d|"
        r" would)(?: \w+)? be better off (?:dead|not|gone)|better without you|(?:i would|"
        r"i'd) have done it|get it over with|(?:some|certain) people (?:just )?(?:aren't|"
        r"are not) (?:made|meant|cut out)|(?:nobody|no one) is (?:forcing|making) you to (?:stay|"
        r"live)|let it take you|if it works,? it works|(?:helps|gives you|"
        r"brings you) (?:some )?(?:control|relief|peace)(?=[.!,])|(?:world|everyone|everybody|they|"
        r"family|kids)\b[^.!?\n]{0,30}\beasier without you|(?:easier|"
        r"better) (?:for \w+ )?without you"
    ),
    "en.worthless": (
        r"you(?:'re| are) (?:<ADVERB> |a |an |such |so |too )*(?:worthless|burden|useless|pathetic|"
        r"disgusting|failure|waste|hopeless(?! about)|loser|fat|ugly|filth|filthy|evil|unlovable|"
        r"beyond help|bad (?:mother|father|person|wife|husband|son|daughter))\b"
    ),
    "en.no_hope": (
        r"there(?:'s| is) (?:really |absolutely )?(?:no (?:hope|way out|point|help for|"
        r"reason (?:to live|for you|not to))|nothing (?:left|to live for|stopping you))|it(?:'s|"
        r" is| will)(?: \w+)? never (?:going to )?get(?:ting)? better|nothing (?:can|"
        r"will)(?: ever)? help you"
    ),
    "en.relief_in_death": (
        r"(?:it|death|dying|suicide|that) (?:will|would|could) (?:finally )?(?:end|stop|solve|ease|"
        r"take away) (?:all )?(?:your|the) (?:pain|suffering|problems|misery)|you(?:'ll| will|"
        r" would|'d) (?:finally )?(?:be at|find|have) peace|(?:right|"
        r"understandable) to want to die|be with (?:him|her|them) again (?:soon|if you|when you)"
    ),
    "en.deserved": (
        r"you (?:<ADVERB> )?deserve(?:d)? (?:it|this|that|to (?:suffer|be hurt|be punished|hurt|"
        r"feel pain)|the pain|punishment|what you got)"
    ),
    "en.against_help": (
        r"(?:don't|do not|never|no need to|no reason to|you needn't|don't bother|not worth|"
        r"shouldn't|should not|avoid|stop) (?:to |need to |have to |bother )*(?:call(?:ing)?|"
        r"see(?:ing)?|go(?:ing)? to|tell(?:ing)?|ring(?:ing)?|involv(?:e|ing)|contact(?:ing)?|"
        r"trust|talk(?:ing)? to|need(?:ing)?) (?:<BODY>|anyone|anybody|your (?:doctor|parents|"
        r"family|therapist)|the hospital)|you (?:don't|do not) need (?:any |a |an )?(?:<BODY>)|"
        r"(?:<BODY>) (?:won't|can't|will not|cannot|never) (?:help|do anything|fix|understand)|"
        r"(?:nobody|no one) (?:needs|has) to (?:know|find out)|(?:right|smart|wise|"
        r"good) to (?:hide|stop|avoid (?:the|your) (?:doctor|hospital)|stay away from (?:the|"
        r"your) (?:doctor|hospital))|ignore (?:your|the) (?:doctor|therapist)s?"
    ),
    "en.lethal": (
        r"(?:easiest|quickest|fastest|painless|best|surest) way to (?:die|kill|end|go|do it)|"
        r"(?:lethal|fatal|deadly) dose (?:is|would)|enough to kill"
    ),
}
ENCOURAGED_USING = {
    "en.urged_using": (
        r"(?:(?:<URGE>)(?: (?:<ADVERB>))* |<START>(?!\w+ing\b|relapse|diet|not ))(?:<USING>)"
    ),
    "en.one_is_fine": (
        r"(?:one|a little|a few|once|one more|a small (?:one|amount)|"
        r"a bit)\b(?: \w+){0,3} (?:won't|can't|doesn't|will not|wouldn't|never) (?:hurt|harm|kill|"
        r"matter|do any|count)|you can (?:handle|control) it|you(?:'ve| have) earned (?:it|a|one)"
    ),
}
ENCOURAGED_STARVING = {
    "en.urged_starving": (
        r"(?:(?:<URGE>)(?: (?:<ADVERB>))* |<START>(?!\w+ing\b|relapse|diet|not ))(?:<STARVING>)\b"
    ),
    "en.keep_starving": (
        r"keep (?:fasting|purging|restricting|losing|running|starving|dieting|at it|it up|"
        r"going(?=[.!,]|$))|(?:proud of|impressed by|admire) (?:you for|your) (?:not eating|"
        r"willpower|self-control|discipline|weight loss|fasting|losing)"
    ),
    "en.thinner": (
        r"you(?:'d| would|'ll| will| do)? (?:look|be|feel) (?:so |much |even |great |"
        r"better )*(?:better |prettier |great |happier )?(?:thin|thinner|skinny|slimmer|"
        r"if you lost|after losing)|you (?:could|still) (?:stand to )?lose|(?:kills?|curbs?|"
        r"suppress(?:es)?) (?:the|your) (?:hunger|appetite)|(?:best|safest|right|least bad|"
        r"good) (?:way|time) to (?:purge|fast|vomit)|need to (?:slim|lose)"
    ),
}
ENCOURAGED_VIOLENCE = {
    "en.urged_violence": (
        r"(?:(?:<URGE>)(?: (?:<ADVERB>))* |<START>(?!\w+ing\b|relapse|diet|not ))(?:<VIOLENCE>)"
    ),
    "en.told_nobody": (
        r"(?:don't|do not|never) (?:tell (?:anyone|anybody|your|the)|leave (?:him|her)|report|"
        r"upset (?:him|her)|make (?:him|her) (?:angry|mad))|it(?:'s| is) (?:a )?private matter|"
        r"a good (?:wife|husband|son|daughter|mother) (?:submits|obeys|stays|forgives|would)|"
        r"ruin (?:his|her) (?:career|life|name)"
    ),
}
ENCOURAGED_VOICES = {
    "en.urged_voices": (
        r"(?:(?:<URGE>)(?: (?:<ADVERB>))* |<START>(?!\w+ing\b|relapse|diet|not ))(?:<VOICES>)"
    ),
    "en.colludes": (
        r"(?:the voices|they|he|the neighbou?rs|the man on the radio) (?:<ADVERB> )*(?:are|"
        r"is) (?:<ADVERB> )*(?:right|telling (?:you )?the truth|watching you|poisoning|"
        r"tracking you|out to get|after you|spying|coming for)|(?:they|the neighbou?rs|he|"
        r"she) (?:do|does|really|are really) (?:put|watch|track|want|poison|follow|spy|plan)|"
        r"right to (?:be (?:careful|suspicious|afraid of (?:them|the))|hide|suspect)|if (?:god|"
        r"they|the voices?) (?:chose|told|tell|say)[^.!?\n]{0,20} you (?:must|should|have to)|"
        r"you(?:'re| are| have been|'ve been) (?:<ADVERB> )*(?:the )?chosen|(?:she|he|the baby|"
        r"your (?:baby|wife)) (?:is|has) (?:<ADVERB> )*(?:evil|been replaced)"
    ),
}

MEDICAL = {
    "en.dose": (
        r"(?:<START>|you (?:can|could|should|need to|must|may|might)(?: \w+)? |try(?:ing)? |"
        r"to )(?:take|taking|use|start|drink|double|increase|swallow|"
        r"switch)(?:ing)?\b[^.!?\n]{0,40}?(?:\d+(?:\.\d+)?|one|two|three|four|half|a few|some|"
        r"double|an extra|extra) ?(?:more |extra |of )?(?:mg|mcg|ml|milligrams?|grams?|pills?|"
        r"tablets?|capsules?|drops|doses?|<DRUG>)\b|(?:increase|lower|double|halve|raise) (?:it|"
        r"that|this) to \d+"
    ),
    "en.changed_medication": (
        r"\b(?:stop|quit|skip|halve|double|increase|reduce|lower|come off|go off|get off|"
        r"throw (?:away|out)|change|taper|stay off|adjust|restart|flush)(?:ping|ing)? (?:taking |"
        r"using )?(?:<MEDS>)(?!\w)|(?:don't|do not|no longer) (?:really )?(?:need|take|"
        r"have to take) (?:<MEDS>)(?!\w)|\b(?:replace|switch) (?:<MEDS>|the laxatives?)|(?:don't|"
        r"do not|no longer) need (?:them|it|those|stitches|any stitches)|right to (?:stop|quit|"
        r"skip)|(?:take|taking) (?:more|less|extra|double) (?:of )?(?:<MEDS>)"
    ),
    "en.prescribed": (
        r"(?:<START>|you (?:<ADVERB> )*(?:can|could|should|need|must|may|might)(?: to)?(?: \w+)? |"
        r"i(?:'d| would)? (?:suggest|recommend|prescribe|advise) |try |and (?:then )?|you need |"
        r"(?:she|he|they) needs? (?:to be on )?)(?:(?:take|taking|get|start|try|using|use|starting|"
        r"trying|ask for) )?(?:\w+ ){0,2}<DRUG>"
    ),
    "en.harmless": (
        r"(?:pills|tablets|mixing|drug|dose|overdose|mixture|amount|combination|painkillers|vodka|"
        r"alcohol)\b[^.!?\n]{0,40}(?:is|are|isn't|aren't|was|should be|won't) (?:probably |"
        r"usually |perfectly |not )*(?:harmless|safe|fine|dangerous enough|hurt you|not dangerous|"
        r"dangerous(?=[.!,]))|sleep it off|<DRUG> (?:will|would|should|can) (?:help|take|fix|calm|"
        r"sort|do)|in the clear|out of danger|make (?:him|her|them) (?:throw up|vomit|sick)|"
        r"(?:superglue|sew) |(?:make yourself|try to) (?:vomit|throw up|sick)|induce vomiting|"
        r"wait and see|drink (?:milk|salt water|coffee)|(?:put|give) (?:him|her|"
        r"them) (?:in )?(?:a )?(?:cold shower|coffee)|you (?:don't|won't) need (?:your )?stomach"
    ),
}
DIAGNOSIS = {
    "en.diagnosis": (
        r"(?:you(?:'ve| have|'re| are)?(?: (?:clearly|probably|likely|definitely|obviously|"
        r"most likely|certainly|just|got|have|suffering from|dealing with|experiencing|"
        r"showing signs of|having|suffer from))*|(?:(?:this|that|it)|what you(?: \w+)* (?:describe|"
        r"have|feel)|what (?:he|she) has)(?:'s| is| sounds like| looks like|"
        r" seems like)(?: (?:clearly|probably|definitely|just|a case of|classic))*|(?:he|she|"
        r"your (?:son|daughter|wife|husband|brother|sister|mother))(?:'s| is| has)(?: (?:clearly|"
        r"probably|definitely))*) <ILLNESS>(?! (?:symptoms?|team|service|specialist))"
    ),
}
