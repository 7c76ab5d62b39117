"""Drives the page in a headless Chromium over WebDriver. Arguments: base URL, image file, [folder for screenshots].
Drops the image, sees its tile grid, asks, sees the answer stream, stops one, regenerates. Prints OK at the end."""
import base64
import os
import sys

sys.dont_write_bytecode = True
from browser import Browser

base, image = sys.argv[1:3]
folder = sys.argv[3] if len(sys.argv) > 3 else None


def ask(text):
    run("document.getElementById('question').value = arguments[0]; document.getElementById('form').requestSubmit()", text)


with Browser(folder) as browser:
    run, wait, shot = browser.run, browser.wait, browser.shot
    browser.open(base + "/")
    wait("document.getElementById('model').textContent.includes('tokens')", "name of the model")
    data = base64.b64encode(open(image, "rb").read()).decode()
    run("""
        const bytes = Uint8Array.from(atob(arguments[0]), c => c.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], arguments[1], {type: "image/png"}));
        document.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
        """, data, os.path.basename(image))
    wait("document.querySelector('#pending svg.tiles line')", "tile grid over the image")
    caption = run("return document.querySelector('#pending figcaption').textContent")
    assert "tiles" in caption and "tokens" in caption, caption

    ask("What is the total?")
    wait("document.querySelector('article.assistant .text')?.textContent", "text of the answer")
    wait("document.querySelector('article.assistant[aria-busy=false]')", "end of the answer")
    facts = run("return document.querySelector('article.assistant .facts').textContent")
    assert "first token after" in facts and "tokens" in facts and "Copy" in facts and "Regenerate" in facts, facts
    assert run("return document.querySelectorAll('article.user svg.tiles line').length") > 0
    first = run("return document.querySelector('article.assistant .text').textContent")
    shot("page-light.png")
    browser.dark(True)
    shot("page-dark.png")
    browser.dark(False)
    browser.phone(True)
    shot("page-phone.png")
    browser.phone(False)

    # Regenerating at temperature 0 gives the same answer again.
    run("[...document.querySelectorAll('button')].find(b => b.textContent === 'Regenerate').click()")
    wait("document.querySelector('article.assistant[aria-busy=false]')", "end of the second answer")
    assert run("return document.querySelector('article.assistant .text').textContent") == first
    assert run("return document.querySelectorAll('article').length") == 2

    # The conversation is kept; an error is shown as one; every control has a name.
    browser.reload()
    wait("document.querySelectorAll('article').length === 2", "conversation after a reload")
    run("const t = document.getElementById('temperature'); t.value = 9; t.dispatchEvent(new Event('change'))")
    ask("And now?")
    text = wait("document.querySelector('article [role=alert]')?.textContent", "error message")
    assert "temperature" in text, text
    assert not browser.nameless(), browser.nameless()
    print("OK")
