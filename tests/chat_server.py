"""A server on loopback that speaks OpenAI's chat protocol: as told, or by a real model."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

Body = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """What the server does with one request. `text` answers; a status other than 200 is an error;
    `seconds` is how long it stalls first; `drip` sends blanks for that long, then nothing;
    `hang_up` closes the connection; `raw` is sent in place of a completion."""

    text: str = "A"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    drip: bool = False
    hang_up: bool = False
    raw: bytes | None = None
    usage: bool = True


Script = Callable[[int, Body], Act]
"""The number of the request, from 0, and its body -> what to do."""


class ChatServer:
    """Counts what it is asked; `bodies` and `headers` are in the order of arrival."""

    def __init__(self, script: Script) -> None:
        self.script, self.bodies, self.headers = script, list[Body](), list[dict[str, str]]()
        self.lock = threading.Lock()
        self.at_once, self.most_at_once = 0, 0
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def start(self) -> None:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def serving(script: Script | Sequence[Act] | Act) -> Iterator[ChatServer]:
    """A server by a function, by a list of acts (the last one for ever), or always the same."""
    if isinstance(script, Act):
        script = [script]
    if not callable(script):
        acts = script
        script = lambda number, body: acts[min(number, len(acts) - 1)]  # noqa: E731  # shorter than a def
    server = ChatServer(script)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def by_model(model: Any, tokenizer: PreTrainedTokenizerBase) -> Script:
    """Real completions: greedy generation, with the tokens that were really read and written."""
    lock = threading.Lock()

    def answer(number: int, body: Body) -> Act:
        inputs: Any = tokenizer.apply_chat_template(
            body["messages"], add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        read = inputs["input_ids"].shape[1]
        with lock, torch.inference_mode():
            out = model.generate(
                **inputs,
                max_new_tokens=body["max_tokens"],
                do_sample=False,
                pad_token_id=tokenizer.pad_token_id or tokenizer.eos_token_id,
            )
        text = tokenizer.decode(out[0, read:], skip_special_tokens=True)
        return Act(raw=completion(str(text), read, out.shape[1] - read))

    return answer


def completion(text: str, read: int, written: int) -> bytes:
    usage = {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
    }
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage}).encode()


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with server.lock:
                number = len(server.bodies)
                server.bodies.append({**body, "path": self.path})
                server.headers.append(dict(self.headers.items()))
                server.at_once += 1
                server.most_at_once = max(server.most_at_once, server.at_once)
            try:
                self._act(server.script(number, body))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client lost patience
            finally:
                with server.lock:
                    server.at_once -= 1

        def _act(self, act: Act) -> None:
            if act.hang_up:
                self.close_connection = True
                return
            if not act.drip:
                time.sleep(act.seconds)
            body = completion(act.text, 40, 2) if act.raw is None else act.raw
            if not act.usage:
                body = json.dumps({"choices": [{"message": {"content": act.text}}]}).encode()
            self.send_response(act.status)
            for name, value in act.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + 10_000 * act.drip))
            self.end_headers()
            if act.drip:
                for _ in range(int(act.seconds / 0.05)):
                    self.wfile.write(b" ")
                    time.sleep(0.05)
                self.close_connection = True
                return
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    return Handler
