"""A contestant's process and the two pipes to it; if it takes too long, a new one."""

from __future__ import annotations

import json
import selectors
import subprocess
from pathlib import Path
from typing import Any

WORKER = Path(__file__).resolve().parent / "worker.py"


class Process:
    """Answers to orders, or why there is none: missing, failed, cannot."""

    def __init__(self, name: str, python: str, patience: float) -> None:
        self.name, self.python, self.patience = name, python, patience
        self.greeting = self.start()

    def start(self) -> dict[str, Any]:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [self.python, str(WORKER), self.name],
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
        )
        answer = self.answer()
        return {"missing": answer["failed"]} if "failed" in answer else answer

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(self.patience):
                self.process.kill()
                self.close()
                return {"failed": f"no answer in {self.patience:g} s"}
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"failed": "its process ended"}

    def ask(self, **order: Any) -> dict[str, Any]:
        if self.process.poll() is not None:
            self.start()
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"failed": "its process ended"}
        return self.answer()

    def close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
