"""What looks like a secret in a text: a short list, for files that other machines get to read.

detect-secrets 1.5, the library for it, has no plugin for tokens of the hub or of Weights & Biases,
and would have to be installed on every head.
"""

from __future__ import annotations

import re

# A value that stands there itself, not a variable, a command or a path to read it from.
LITERAL = r"[\"']?[^\s\"'$`~/<]"
NAME = r"(?:SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIALS?|API_?KEY|ACCESS_?KEY(?:_?ID)?)"
SECRETS = tuple(
    re.compile(pattern, re.VERBOSE)
    for pattern in (
        # As their givers make them: AWS, the hub, GitHub, GitLab, OpenAI, Slack, W&B, a signed JSON
        r"\b (?:AKIA|ASIA) [A-Z0-9]{16} \b",
        r"\b hf_ [A-Za-z0-9]{16}",
        r"\b (?: gh[pousr] | github_pat ) _ \w{16}",
        r"\b (?: glpat | sk | xox[abprs] ) - [\w-]{16}",
        r"\b wandb_v\d+_ \w{16}",
        r"\b eyJ [\w-]{10,} \. eyJ",
        r"BEGIN\ [A-Z ]*PRIVATE\ KEY",
        # NAME=value, --name value, a login with a value, an address with a password
        rf"(?i: \b \w* {NAME} ) \s* [=:] \s* {LITERAL}",
        rf"(?i: --[a-z-]* {NAME.replace('_?', '[-_]?')} ) [=\s] \s* {LITERAL}",
        rf"\b login \s+ (?: --relogin \s+ )? (?!-) {LITERAL}",
        r":// [^/\s:@]+ : [^/\s@$]+ @",
        # A token written on the spot, and what no person would write: long and of no word.
        r"(?: > | \b tee \b (?: \s+ -\w+ )* ) \s* \S* auth_token",
        r"(?<! @ ) (?<! sha256: ) \b [0-9a-f]{32,} \b",
        r"\b (?= \w*[0-9] ) (?= \w*[a-z] ) (?= \w*[A-Z] ) \w{32,} \b",
    )
)


def looks_secret(text: str, name: str = "") -> bool:
    """Whether a text holds a secret, or is one by the name that it is given."""
    named = re.search(rf"(?i:{NAME})$", name) and re.match(LITERAL, text)
    return bool(named) or any(pattern.search(text) for pattern in SECRETS)
