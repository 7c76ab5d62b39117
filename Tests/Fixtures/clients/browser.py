"""A headless Chromium over WebDriver, for the scripts beside this one. Knows no page."""
import base64
import json
import os
import shutil
import subprocess
import time
import urllib.request


class Browser:
    """Used with `with`; `folder` is where screenshots go, None takes none."""

    arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1100,900", "--disable-dev-shm-usage"]

    def __init__(self, folder=None):
        self.folder = folder
        self.path = None
        self.driver = subprocess.Popen(
            [shutil.which("chromedriver"), "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                self.port = line.rsplit(" ", 1)[1].strip().rstrip(".")
                break

    def __enter__(self):
        for attempt in range(3):  # a busy machine may start the browser too slowly
            try:
                options = {"goog:chromeOptions": {"args": self.arguments}}
                session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": options}})
                break
            except (AssertionError, OSError):
                if attempt == 2:
                    self.driver.terminate()
                    raise
        self.path = f"/session/{session['sessionId']}"
        return self

    def __exit__(self, *_):
        self.call("DELETE", self.path)
        self.driver.terminate()

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method, headers={"content-type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        try:
            return json.load(urllib.request.urlopen(request, timeout=60))["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()[:500]) from None

    def open(self, url):
        self.call("POST", self.path + "/url", {"url": url})

    def reload(self):
        self.call("POST", self.path + "/refresh", {})

    def run(self, script, *values):
        return self.call("POST", self.path + "/execute/sync", {"script": script, "args": list(values)})

    def wait(self, script, what, seconds=60):
        end = time.time() + seconds
        while time.time() < end:
            value = self.run("return " + script)
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"no {what}: {self.run('return document.body.innerText')[:800]}")

    def keys(self, text):
        actions = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self.call("POST", self.path + "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def chrome(self, command, **parameters):
        return self.call("POST", self.path + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def shot(self, name):
        if self.folder:
            data = self.chrome("Page.captureScreenshot", format="png")["data"]
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(base64.b64decode(data))

    def dark(self, on):
        features = [{"name": "prefers-color-scheme", "value": "dark"}] if on else []
        self.chrome("Emulation.setEmulatedMedia", features=features)

    def phone(self, on):
        if on:
            self.chrome("Emulation.setDeviceMetricsOverride", width=375, height=740, deviceScaleFactor=2, mobile=True)
            width = self.run("return document.documentElement.scrollWidth")
            assert width <= 375, f"the page is {width} pixels wide on a phone"
        else:
            self.chrome("Emulation.clearDeviceMetricsOverride")

    def nameless(self):
        """Controls that have no name for those who cannot see them."""
        return self.run("""return [...document.querySelectorAll('button, input, select, textarea, a[href]')].filter(it =>
            !it.hidden && it.tabIndex >= 0 && !(it.ariaLabel || it.textContent.trim() || it.labels?.length)).map(it => it.id)""")
