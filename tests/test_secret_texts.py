"""What is a secret in a file that every node reads, and what only looks like one.

python -m pytest tests/test_secret_texts.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from empathy.errors import UserError
from sweeps.planning import cluster_file
from sweeps.planning.secret_texts import looks_secret

ROOT = Path(__file__).parent.parent
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGH"  # no token of anybody's
HEX = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "text",
    [
        f"export HUGGING_FACE_HUB_TOKEN=hf_{LETTERS}",
        f"export GITHUB_TOKEN=ghp_{LETTERS}",
        f"git clone https://ghp_{LETTERS}@github.com/a/b",
        "git clone https://me:letmein@example.org/a",
        f"wandb login {HEX}01234567",
        f"wandb login --relogin {HEX}01234567",
        f"hf auth login --token hf_{LETTERS}",
        "hf auth login --token short",
        "hf auth login --token=short",
        f"echo {HEX} > ~/.ray/auth_token",
        "echo short > ~/.ray/auth_token",
        "echo short | tee -a $HOME/.ray/auth_token",
        f"printf {HEX} > token",
        "export WANDB_API_KEY=123",
        "export wandb_api_key='123'",
        "export AWS_ID=AKIA" + "Q" * 16,
        "AWS_SECRET_ACCESS_KEY=abc",
        "export OPENAI=sk-" + LETTERS,
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "docker login -u me registry.example && x PASSWORD=abc",
        "aB3" * 12,
    ],
)
def test_secrets(text: str) -> None:
    assert looks_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "export HF_TOKEN=$HF_TOKEN",
        "export WANDB_API_KEY=$(aws secretsmanager get-secret-value --secret-id wandb)",
        'export HF_TOKEN="$(cat ~/.hf)" RAY_AUTH_TOKEN_PATH=/run/token',
        f"pip install git+https://github.com/a/b@{HEX}01234567",
        f"registry.example/empathy@sha256:{HEX}{HEX}",
        "chmod 600 ~/.ray/auth_token",
        "ami-0123456789abcdef0",
        "arn:aws:iam::123456789012:instance-profile/empathy",
        "~/.ssh/ray-autoscaler_eu-central-1.pem",
        "RAY_AUTH_MODE=token ray start",
    ],
)
def test_what_is_none(text: str) -> None:
    assert not looks_secret(text)


def test_a_name_tells_too() -> None:
    assert looks_secret("letmein", "password")
    assert not looks_secret("~/.ray/auth_token", "~/.ray/auth_token")
    assert not looks_secret("required", "HttpTokens")


def test_the_file_as_shipped_holds_none_and_its_comments_are_read(tmp_path: Path) -> None:
    text = (ROOT / "cluster.yaml").read_text(encoding="utf-8")
    assert not any("secret" in each for each in cluster_file.complaints_about(yaml.safe_load(text)))
    path = tmp_path / "mine.yaml"
    path.write_text(f"# hf_{LETTERS}\n{text}")
    with pytest.raises(UserError, match=r"\n  line 1 looks like a secret"):
        cluster_file.check(path)
