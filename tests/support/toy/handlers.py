from dataclasses import dataclass

from generation.jobs.registry import JobKind
from generation.jobs.run import JobRun
from generation.providers.llm.base import ChatMessage, ChatRequest


@dataclass(frozen=True, slots=True)
class SummaryInput:
    text: str


def summarize(run: JobRun) -> dict[str, str]:
    request = ChatRequest(
        messages=(ChatMessage("user", run.input.text),), max_output_tokens=100, kind="notes.summarize"
    )
    return {"summary": run.chat("summary", request, feature="notes.summarize").text}


def summary_of(request: ChatRequest) -> str:
    return f"A note about {request.messages[-1].content}."


SUMMARIZE = JobKind(name="notes.summarize", input=SummaryInput, run=summarize)
