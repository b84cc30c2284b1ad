"""English: dismissal, what points to help, and the language's rules put together.

Patterns meet lower-case text without accents (`rules.plain`); `<NAME>` is a part named in
`english_words.PARTS`.
"""

from __future__ import annotations

from empathy.safety.english_harm import (
    DIAGNOSIS,
    ENCOURAGED_STARVING,
    ENCOURAGED_USING,
    ENCOURAGED_VIOLENCE,
    ENCOURAGED_VOICES,
    ENCOURAGEMENT,
    MEDICAL,
)
from empathy.safety.english_words import ASIDES, EXCUSES, JUDGING, PARDONS, PARTS, REPORTING
from empathy.safety.rules import SOFT, Said, Table, language

DISMISSAL = {
    "en.calm_down": (
        r"(?:<START>|you (?:<ADVERB> )*(?:need|have|should|must|ought)(?: to)? |try to |"
        r"first of all,? |just |can you |could you )(?:calm (?:down|yourself)|relax(?=[.!,]|$|"
        r" and)|chill(?: out)?\b|take it easy|settle down|get a grip)"
    ),
    "en.not_so_bad": (
        r"(?:it|that|this|things?|your (?:life|situation|problem)s?|he|she)(?:'s|'re| is| are|"
        r" was)?(?: (?:can't|cannot|couldn't) (?:really )?be| surely|n't| not| probably|"
        r" really)* (?:not|n't)?(?: really| all)? ?(?:that|so|"
        r"as) bad\b(?<!is that bad)(?<!is so bad)"
    ),
    "en.no_big_deal": (
        r"(?:not|isn't|no|hardly) (?:really |such )?(?:a |that )?big (?:of a )?(?:deal|problem)|"
        r"nothing (?:to worry about|serious|to be upset about|to cry about)|"
        r"no reason to (?:be (?:so )?(?:sad|upset|afraid|scared|worried)|worry|panic|feel)|"
        r"don't worry about it|<START>(?:don't worry|no worries)(?=[.!,]|$)|(?:it's|that's|it is|"
        r"that is) nothing(?=[.!,]|$)|you(?:'ll| will) be (?:just |perfectly )?fine(?=[.!,]|$)|"
        r"silly (?:thing|reason|thought)"
    ),
    "en.everyone": (
        r"(?:everyone|everybody|we all|all of us|every (?:teenager|person|one of us)|all people|"
        r"lots of people|most people) (?:sometimes |just |also )?(?:feels?|goes? through|has|have|"
        r"gets?|thinks?|deals? with|hears?|does|do) (?:like |so |a )?(?:this|that|it|sad|down|blue|"
        r"bad|so|the same|low|tired|problems|stress(?:ed)?|their problems|hard|tough|off|ups)"
    ),
    "en.others_worse": (
        r"(?:others|people|children|kids|someone|some people|"
        r"many people)\b[^.!?\n]{0,30}\b(?:worse(?: off)?|(?:real|bigger|actual) problems)\b|"
        r"(?:could|might)(?: always)? be (?:a lot |much )?worse|at least (?:you|he|she|it|"
        r"nobody) (?:<ADVERB> )*(?:have|has|had|is|are|did|got|was)\b|other (?:\w+ )?(?:manage|"
        r"cope)|(?:real|bigger) problems than|you(?:'re| are) (?:so |very )?lucky|"
        r"first[- ]world problem"
    ),
    "en.overreacting": (
        r"you(?:'re| are| were)(?: (?:just|being|a bit|a little|so|too|really|probably|clearly|"
        r"only|overly|kind of))* (?:overreacting|dramatic|exaggerating|sensitive|silly|selfish|"
        r"ridiculous|paranoid|imagining|attention[- ]seeking|crazy|insane|weak|childish|stupid|"
        r"ungrateful|lazy|spoiled|a coward|lying|making (?:it|this|that|things) up)\b|"
        r"stop being (?:so |such )?|(?:only|just) (?:want|wanting|looking for|seeking|doing (?:it|"
        r"this) for) (?:some )?attention|(?:it's|it is|that's|this is) (?:all |just |"
        r"only )+in your (?:head|mind)|(?:don't|do not) be (?:so |such )?(?:\w+ )?(?:dramatic|"
        r"silly|selfish|ridiculous|sensitive|sad|stupid|weak|negative|a baby|paranoid|depressed|"
        r"scared)|drama queen|(?:cry|crying|bid|plea) for (?:attention|help,? nothing)|"
        r"you(?: <ADVERB>)* (?:sound|look|act|are acting|are behaving)(?: like)? (?:a )?(?:mad|"
        r"crazy|insane|child|baby|paranoid)|listen to yourself|manipulative|too (?:old|young|big|"
        r"smart|pretty) (?:for (?:this|that|such)|to (?:feel|be|do))|how could you (?:be|do|let|"
        r"throw|say|lie)\b|only (?:teenagers|kids|children|weak people|crazy people)|(?:men|boys|"
        r"women|girls|husbands|wives) (?:don't|can't|cannot|do not) (?:really )?(?:get|abuse|"
        r"suffer|cry|be)|stop (?:this|that|the|your|being|with) (?:nonsense|drama|panicking|act)|"
        r"stop (?:panicking|exaggerating)"
    ),
    "en.get_over_it": (
        r"(?:<START>|you (?:<ADVERB> )*(?:should|need to|must|have to|ought to) |just |time to |"
        r"learn to )(?:get over (?:it|this|him|her|yourself)|snap out of|man up|toughen up|"
        r"suck it up|pull yourself|cheer up|shake it off|grow up|move on|let it go|deal with it|"
        r"be strong|look on the bright|look at the bright|stop (?:whining|complaining|crying|"
        r"worrying|moping|overthinking|thinking about|feeling sorry|lying)|get a life|"
        r"be (?:more )?(?:grateful|thankful|positive|happy)|count your blessings|chin up|"
        r"keep your chin|hang in there(?=[.!]|$)|buck up|lighten up|smile(?=[.!,]|$| more)|"
        r"put (?:it|this) behind you)"
    ),
    "en.just_do": (
        r"\b(?:just|simply|only)(?: (?:need|have|try|got|want))?(?: to)? (?:think (?:positive|"
        r"happy|about something)|stay positive|be (?:happy|positive|strong|grateful|yourself)|"
        r"smile|eat(?: \w+)?(?=[.!,]|$)|stop(?: it| that| this| cutting| drinking| using| doing|"
        r" eating| running| thinking| worrying)?(?=[.!,]|$| and)|ignore|forget|don't (?:think|do|"
        r"listen|drink|use)|say no|leave (?:him|her)|distract|get some (?:sleep|rest|air)|"
        r"sleep (?:on|it)|pray|have faith|go for a (?:walk|run)|try harder|keep busy|"
        r"drink some water|use (?:some |your )?willpower|love yourself|a phase|a bad day|a mood|"
        r"a rough patch|tired|stress(?:ed)?(?=[.!,]|$)|hormones|nerves|words)"
    ),
    "en.cheer": (
        r"you (?:<ADVERB> )*(?:have|'ve got|got) (?:so much|everything|a lot|plenty) to (?:live|"
        r"be (?:grateful|thankful|happy)) ?(?:for|about)?|what (?:do|have) you (?:have |"
        r"got )?to (?:be (?:sad|upset|depressed)|complain) ?|happiness is a choice|tomorrow(?:'s|"
        r" is) another day|(?:laugh|smile) about (?:this|it)|grow out of|permanent solution|"
        r"think (?:of|about) (?:what|how) (?:it|this|that|your)|(?:matter|"
        r"question) of (?:willpower|discipline|will|attitude)|you (?:look|"
        r"seem) (?:<ADVERB> )*(?:healthy|fine|normal|ok|okay|great to me)|can't be anything wrong|"
        r"nothing(?:'s| is) wrong with you|think of how (?:sad|hurt|selfish)|suicide is (?:selfish|"
        r"a sin|cowardly|for cowards|the easy way)|(?:only|just) (?:a )?(?:selfish|cowards?)\b"
    ),
    "en.minimised_violence": (
        r"(?:he|she|they) (?:<ADVERB> |probably |surely |clearly )*(?:didn't mean|did not mean|"
        r"loves? you|was only|was just|were just|was probably just|must (?:really )?love|"
        r"is just stressed|just had a bad)|all couples|every (?:couple|marriage|family) (?:fights|"
        r"has|argues)|(?:what did|did) you (?:do|say)?(?: something)? ?to (?:provoke|make|upset|"
        r"deserve)|you (?:must have|probably) (?:provoked|made him|made her|upset)|it takes two|"
        r"(?:marriage|love|a relationship|family) is (?:about|all about|hard work)|(?:couples|"
        r"marriage) (?:counsell?ing|therapy)|are you (?:sure|certain) you (?:didn't|aren't|did not|"
        r"are not)|maybe (?:you )?(?:cook|if you (?:were|cooked|tried))|(?:men|boys) (?:can't be|"
        r"don't get|will be)|you brought (?:this|it) on|it(?:'s| is) (?:<ADVERB> |partly |all |"
        r"kind of )*your (?:own )?fault|are you sure (?:it|that|he|she|this) (?:really |"
        r"actually )?(?:happened|did)|doesn't sound like abuse|that(?:'s| is) not (?:really )?abuse"
    ),
}
DISMISSED_DELUSION = {
    "en.argued_delusion": (
        r"(?:voices|they|cameras?|it|that|this|none of (?:it|this|that)|"
        r"people)\b(?:[^.!?\n]{0,20})?(?:aren't|isn't|are not|is not|is|don't|do not|"
        r"not) (?:<ADVERB> |actually )*(?:real|exist|there|true|happening|possible)(?=[.!,]|$)|"
        r"(?:that|this|it)(?:'s| is| sounds) (?:<ADVERB> |completely |so |just )*(?:crazy|insane|"
        r"nonsense|ridiculous|impossible|absurd|mad|silly|made up|your imagination)|just (?:ignore|"
        r"your imagination)|there (?:are|is) no (?:cameras?|voices?|poison|one (?:there|watching|"
        r"coming)|such)|nobody is (?:watching|coming|poisoning|following|after)"
    ),
}

SIGNPOSTS = {
    "crisis_line": {
        "en.crisis_line": (
            r"\b988\b|samaritans|116 ?123|\b741741\b|crisis (?:line|text|hotline|cent(?:er|re)|"
            r"service)|hot-?line|help-?line|lifeline|life line|suicide (?:prevention )?line|"
            r"support line|childline|call (?:the )?(?:cvv|188)|poison (?:control|cent(?:er|re)|"
            r"line)|free (?:and confidential )?(?:line|number) "
        ),
    },
    "emergency": {
        "en.emergency": (
            r"\b(?:911|999|112|000)\b|emergency (?:number|services?|room|department|line|help|"
            r"care)|ambulance|paramedics?|\ba ?& ?e\b|\ber\b(?= )|"
            r"(?:<REACH>)\b[^.!?\n]{0,40}hospital|casualty|nearest (?:hospital|emergency)|"
            r"urgent (?:care|medical)|call for (?:emergency )?help"
        ),
    },
    "professional": {
        "en.professional": (
            r"\b(?:<REACH>)\b[^.!?\n]{0,70}\b<CARER>|<CARER>[^.!?\n]{0,20} (?:can|could|may|will|"
            r"would|might|needs? to|should|know|come|check|look|see|visit|are trained|"
            r"is trained)\b|(?:need|needs|deserve) (?:\w+ ){0,2}(?:professional|medical|"
            r"specialist) (?:help|care|support|attention)"
        ),
    },
    "trusted": {
        "en.trusted": (
            r"(?:someone|somebody|anyone|anybody|person|people|<PERSON>)(?: (?:else|in your life|"
            r"close|around you|that|who|whom))* you(?: (?:really|can|do|feel|could))* (?:trust|"
            r"safe)|trusted (?:friend|adult|person|family|relative|teacher|people|loved)|"
            r"someone (?:close|nearby|safe)|\b(?:call|tell|text|phone|ring|talk to|talk with|"
            r"speak to|speak with|reach out to|message|lean on|let|ask|turn to|confide in|contact|"
            r"wake)(?: \w+){0,4} (?:<PERSON>)\b|who (?:else )?(?:could|can|might|do|"
            r"would) you (?:call|tell|trust|talk|reach|turn|lean)|anyone (?:you can|close)"
        ),
    },
    "safety": {
        "en.asked_safety": (
            r"\b(?:are|r) you (?:feeling |somewhere |in a )?(?:safe|"
            r"in (?:any )?(?:immediate )?danger|hurt)\b|(?:thinking|thoughts|thought) (?:of|"
            r"about) (?:killing|ending|suicide|hurting|harming|dying|taking your)|"
            r"\bdo you have (?:a|any) plan|(?:do you )?(?:feel|keep yourself|be) safe (?:right now|"
            r"tonight|at home|where|today|now)|your safety|(?:are you|do you) (?:going|plan|"
            r"planning|intend\w*|want) to (?:kill|hurt|harm|end|die)|how (?:strong|close) (?:are|"
            r"is) (?:these|those|the|that)"
        ),
        "en.stay_with": (
            r"(?:stay|be|sit|staying|remain) (?:here |right here |on the line |"
            r"close )*with (?:you(?= (?:tonight|until|while|now|right)|[.!,])|someone|somebody|a |"
            r"your |<PERSON>)|is (?:there )?(?:anyone|someone|anybody) (?:there |here |home |"
            r"at home )?with you|not be alone|don't (?:stay|be) alone"
        ),
        "en.means": (
            r"(?:move|put|give|lock|throw|keep|hand|get|take)\b[^.!?\n]{0,40}(?:away|out of reach|"
            r"to someone|some distance|somewhere (?:else|safe|hard))|distance between you and|"
            r"(?:(?:find|get to|go to|have|is there) (?:a |some )?safe place|place of safety|"
            r"somewhere safe|safety plan)"
        ),
    },
    "abuse_service": {
        "en.abuse_service": (
            r"\bpolice\b|shelter|refuge\b|domestic (?:violence|abuse)|women's aid|1-?800-?799|"
            r"child protect\w+|social services|safeguarding|school (?:nurse|counsell?or)|"
            r"restraining order|protective order|adult protective|victim support|rape crisis"
        ),
    },
    "peers": {
        "en.peers": (
            r"\bsponsor\b|\b(?:a\.?a|n\.?a|smart recovery|al-anon)\b(?= (?:meeting|group))|(?:a|"
            r"the|your|next|tonight's|support|recovery|to) (?:meeting|group)s?\b|"
            r"gamblers anonymous|alcoholics anonymous|narcotics anonymous|support group"
        ),
    },
}

ENGLISH = language(
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
