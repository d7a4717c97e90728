"""Writes the figures of the front pages from the results: python -m benchmarks.figures"""

import json
import re
from typing import Any

from benchmarks.record import RESULTS, ROOT

ROWS = {
    "README.md": {
        "head": "| on two CPU cores | nats per character | bits per byte | time |",
        "speed": "tiny-shakespeare, `--recipe speed --minutes 2.9`",
        "default": "tiny-shakespeare, `--minutes 2.9`",
        "peer": "the best-known teaching repository's CPU recipe, same machine, same turn",
        "floor": "counting: order-5 n-gram",
        "korean": "Korean film reviews (NSMC), `--minutes 2.9`",
        "korean_floor": "counting on the same reviews",
        "note": "Means of {n} seeds ± their standard deviation; {machine}. 1.886 nats, where the "
        "teaching repository's recipe ends, was passed within {early} s from process start; by "
        "175 s every run had shown {within} or less. Seeds of the teaching repository's row: "
        "{peer_seeds}, of the Korean row: {korean_seeds}.",
    },
    "README.ko.md": {
        "head": "| CPU 코어 두 개에서 | 문자당 내트 | 바이트당 비트 | 시간 |",
        "speed": "tiny-shakespeare, `--recipe speed --minutes 2.9`",
        "default": "tiny-shakespeare, `--minutes 2.9`",
        "peer": "가장 널리 알려진 교육용 저장소의 CPU 설정, 같은 컴퓨터, 같은 차례",
        "floor": "세기: 5차 n-그램",
        "korean": "한국어 영화평(NSMC), `--minutes 2.9`",
        "korean_floor": "같은 영화평에서 세기",
        "note": "시드 {n}개의 평균 ± 표준편차, {machine}. 교육용 저장소의 설정이 끝나는 "
        "1.886내트는 시작한 지 {early}초 안에 지났고, 175초까지 모든 실행이 {within} 이하를 "
        "보였습니다. 교육용 저장소 줄은 시드 {peer_seeds}개, "
        "한국어 줄은 시드 {korean_seeds}개입니다.",
    },
}


def main() -> None:
    """Fill the marked part of both pages."""
    for page, words in ROWS.items():
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        path.write_text(filled(text, "figures", table(words)), encoding="utf-8")


def filled(text: str, name: str, content: str) -> str:
    """Put content between a page's two marks of a name."""
    marks = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.S)
    return marks.sub(lambda found: found[1] + content + found[2], text)


def table(words: dict[str, str]) -> str:
    """Give the table of one page, from the results."""
    race, korean = read("shakespeare"), read("korean")
    seconds = "{:.0f} s"
    rows = [words["head"], "|---|---|---|---|"]
    for name in ("speed", "default"):
        found = race[name]
        rows.append(row(words[name], found, seconds.format(found["seconds"]["mean"])))
    peer = race["nanogpt"]
    loss = mean(peer["nats_per_character"])
    rows.append(f"| {words['peer']} | {loss} | | {seconds.format(peer['seconds']['mean'])} |")
    rows.append(floor(words["floor"], race["speed"]["runs"][0]["floors"]))
    korean_seconds = sum(found["seconds"] for found in korean["runs"]) / len(korean["runs"])
    rows.append(row(words["korean"], korean, seconds.format(korean_seconds)))
    rows.append(floor(words["korean_floor"], korean["floors"]))
    early = [t for t in race["speed"]["seconds_to_1.886"] if t is not None]
    note = words["note"].format(
        n=len(race["speed"]["runs"]),
        machine=race["machine"]["processor"],
        peer_seeds=len(peer["seconds"]["each"]),
        korean_seeds=len(korean["runs"]),
        early=f"{max(early):.0f}",
        within=f"{max(by_175(race, 'speed') + by_175(race, 'default')):.3f}",
    )
    return "\n".join(rows) + f"\n\n{note}\n"


def by_175(race: dict[str, Any], name: str) -> list[float]:
    """Give what each run had shown at its last look within 175 s of process start."""
    return [
        [look["nats_per_character"] for look in found["looks"] if look["seconds"] <= 175][-1]
        for found in race[name]["runs"]
    ]


def row(label: str, found: dict[str, Any], time: str) -> str:
    """One measured row."""
    nats, bits = mean(found["nats_per_character"]), mean(found["bits_per_byte"])
    return f"| {label} | **{nats}** | {bits} | {time} |"


def floor(label: str, floors: dict[str, Any]) -> str:
    """One row of what counting reaches."""
    found = floors["order_5"]
    return f"| {label} | {found['nats_per_character']:.3f} | {found['bits_per_byte']:.3f} | |"


def mean(values: dict[str, Any]) -> str:
    """Mean and deviation, as they are quoted."""
    deviation = values["deviation"]
    return f"{values['mean']:.3f}" + (f" ± {deviation:.3f}" if deviation is not None else "")


def read(name: str) -> dict[str, Any]:
    """Give one result."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
