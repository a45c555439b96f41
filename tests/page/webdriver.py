"""Headless Chromium by its driver's HTTP (W3C WebDriver and Chromium's own
commands): as much of it as the page's test needs."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request

from tests.common.machine import die_with_parent

DRIVER = shutil.which("chromedriver")


class Browser:
    def __init__(self, scripts=True):
        self.home = tempfile.mkdtemp(prefix="gnomon-browser-")
        self.driver = subprocess.Popen(
            [DRIVER, "--port=0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, preexec_fn=die_with_parent,
            env={**os.environ, "HOME": self.home})
        for line in self.driver.stdout:
            if b"successfully on port " in line:
                self.port = int(line.rstrip(b".\n").rsplit(b" ", 1)[1])
                break
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu",
                            "--disable-dev-shm-usage", "--hide-scrollbars",
                            f"--user-data-dir={self.home}/data"]}
        if not scripts:
            options["prefs"] = {
                "profile.managed_default_content_settings.javascript": 2}
        answer = self.call("POST", "", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.session = "/" + answer["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.call("DELETE", self.session)
        self.driver.terminate()
        self.driver.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/session{path}", method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["value"]

    def cdp(self, command, **params):
        return self.call("POST", f"{self.session}/goog/cdp/execute",
                         {"cmd": command, "params": params})

    def look(self, width, dark):
        """Like a screen of this width."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=900,
                 deviceScaleFactor=1, mobile=width < 600)
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if dark else "light"}])

    def open(self, url):
        self.call("POST", f"{self.session}/url", {"url": url})

    def run(self, script, *arguments):
        return self.call("POST", f"{self.session}/execute/sync",
                         {"script": script, "args": list(arguments)})

    def run_async(self, script):
        return self.call("POST", f"{self.session}/execute/async",
                         {"script": script, "args": []})

    def log(self, kind):
        return self.call("POST", f"{self.session}/se/log", {"type": kind})

    def requests(self):
        """The addresses that were asked for since the last look."""
        for entry in self.log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                yield message["params"]["request"]["url"]

    def shot(self, path):
        size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        image = self.cdp("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "scale": 1,
                               "width": size["width"],
                               "height": size["height"]})
        with open(path, "wb") as file:
            file.write(base64.b64decode(image["data"]))

    def wait(self, script, limit=40):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self.run(script):
                return True
            time.sleep(0.2)
        return False
