"""Drives the page in a headless Chromium over WebDriver. Arguments: base URL, image file, [folder for screenshots].
Drops the image, sees its tile grid, asks, sees the answer stream, stops one, regenerates. Prints OK at the end."""
import base64
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request

base, image = sys.argv[1:3]
folder = sys.argv[3] if len(sys.argv) > 3 else None
driver = subprocess.Popen(
    [shutil.which("chromedriver"), "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
port = path = None
for line in driver.stdout:
    if "started successfully on port" in line:
        port = line.rsplit(" ", 1)[1].strip().rstrip(".")
        break


def call(method, path, body=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", method=method, headers={"content-type": "application/json"},
        data=None if body is None else json.dumps(body).encode())
    try:
        return json.load(urllib.request.urlopen(request, timeout=60))["value"]
    except urllib.error.HTTPError as error:
        raise AssertionError(error.read().decode()[:500]) from None


arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1100,900", "--disable-dev-shm-usage"]


def run(script, *values):
    return call("POST", path + "/execute/sync", {"script": script, "args": list(values)})


def wait(script, what, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        value = run("return " + script)
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"no {what}: {run('return document.body.innerText')[:800]}")


def chrome(command, **parameters):
    return call("POST", path + "/goog/cdp/execute", {"cmd": command, "params": parameters})


def shot(name):
    if folder:
        data = chrome("Page.captureScreenshot", format="png")["data"]
        with open(os.path.join(folder, name), "wb") as file:
            file.write(base64.b64decode(data))


def ask(text):
    run("document.getElementById('question').value = arguments[0]; document.getElementById('form').requestSubmit()", text)


try:
    for attempt in range(3):  # a busy machine may start the browser too slowly
        try:
            session = call("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}})
            break
        except (AssertionError, OSError):
            if attempt == 2:
                raise
    path = f"/session/{session['sessionId']}"
    call("POST", path + "/url", {"url": base + "/"})
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
    chrome("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    shot("page-dark.png")
    chrome("Emulation.setEmulatedMedia", features=[])
    chrome("Emulation.setDeviceMetricsOverride", width=375, height=740, deviceScaleFactor=2, mobile=True)
    width = run("return document.documentElement.scrollWidth")
    assert width <= 375, f"the page is {width} pixels wide on a phone"
    shot("page-phone.png")
    chrome("Emulation.clearDeviceMetricsOverride")

    # Regenerating at temperature 0 gives the same answer again.
    run("[...document.querySelectorAll('button')].find(b => b.textContent === 'Regenerate').click()")
    wait("document.querySelector('article.assistant[aria-busy=false]')", "end of the second answer")
    assert run("return document.querySelector('article.assistant .text').textContent") == first
    assert run("return document.querySelectorAll('article').length") == 2

    # The conversation is kept; an error is shown as one; every control has a name.
    call("POST", path + "/refresh", {})
    wait("document.querySelectorAll('article').length === 2", "conversation after a reload")
    run("const t = document.getElementById('temperature'); t.value = 9; t.dispatchEvent(new Event('change'))")
    ask("And now?")
    text = wait("document.querySelector('article [role=alert]')?.textContent", "error message")
    assert "temperature" in text, text
    nameless = run("""return [...document.querySelectorAll('button, input, select, textarea')].filter(it =>
        !it.hidden && it.tabIndex >= 0 && !(it.ariaLabel || it.textContent.trim() || it.labels?.length)).map(it => it.id)""")
    assert not nameless, nameless
    print("OK")
finally:
    if path:
        call("DELETE", path)
    driver.terminate()
