"""Invented questions in the forms that two benchmarks are published in, about `monocle documents`: AI2D's choices about images
and Video-MME's about videos (coded with ffmpeg).
Usage: invented.py MONOCLE FOLDER [COUNT]   makes FOLDER/ai2d and FOLDER/videomme."""
import json
import random
import subprocess
import sys
from pathlib import Path


def documents(monocle, folder, *options):
    subprocess.run([monocle, "documents", "--split", "test", "--out", folder, *options], check=True, stdout=subprocess.DEVNULL)
    return [json.loads(line) for line in open(folder / "documents.jsonl")]


def choices(line, others, dice):
    """Four texts, one of them the answer, and the answer's letter."""
    texts = [line["answer"], *dice.sample(sorted({it["answer"] for it in others} - set(line["answers"])), 3)]
    dice.shuffle(texts)
    return texts, "ABCD"[texts.index(line["answer"])]


def ai2d(monocle, folder, count):
    lines = documents(monocle, folder, "--count", str(count), "--level", "1")
    dice = random.Random(0)
    with open(folder / "ai2d.jsonl", "w") as file:
        for number, line in enumerate(lines):
            texts, letter = choices(line, lines, dice)
            row = {
                "id": f"doc-{number}", "question": line["question"], "options": texts,
                "answer": str("ABCD".index(letter)), "category": line["family"], "images": line["images"],
            }
            file.write(json.dumps(row) + "\n")
    (folder / "documents.jsonl").unlink()


def videomme(monocle, folder, count):
    frames = folder / "frames"
    lines = documents(monocle, frames, "--count", str(count), "--family", "video", "--level", "2")
    dice = random.Random(0)
    with open(folder / "videomme.jsonl", "w") as file:
        for number, line in enumerate(lines):
            # A second for each frame, at 12 a second.
            listing = frames / "list.txt"
            listing.write_text("".join(f"file '{name}'\nduration 1\n" for name in line["images"]))
            subprocess.run(
                ["ffmpeg", "-v", "error", "-y", "-f", "concat", "-i", listing, "-r", "12", "-pix_fmt", "yuv420p",
                 "-c:v", "libx264", folder / f"v{number}.mp4"], check=True)
            texts, letter = choices(line, lines, dice)
            row = {
                "question_id": f"{number:03}-1", "videoID": f"v{number}", "duration": "short", "domain": "Invented",
                "task_type": line["kind"], "question": line["question"], "answer": letter,
                "options": [f"{mark}. {text}" for mark, text in zip("ABCD", texts)],
            }
            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    folder = Path(sys.argv[2]).resolve()
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    ai2d(sys.argv[1], folder / "ai2d", count)
    videomme(sys.argv[1], folder / "videomme", max(8, count // 10))
