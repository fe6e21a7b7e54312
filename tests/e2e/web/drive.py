# SPDX-License-Identifier: BSD-3-Clause
"""The page of wirelog-web in a headless Chromium: python3 drive.py URL SHOTS AXE, then commands on standard input, an answer each."""

import json
import sys
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

url, shots, axe = sys.argv[1:4]
options = Options()
options.binary_location = "/usr/bin/chromium"
for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1440,1500"):
    options.add_argument(argument)
options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
body = lambda: browser.find_element(By.TAG_NAME, "body")


def check_axe():
    browser.execute_cdp_cmd("Runtime.evaluate", {"expression": open(axe).read()})  # past the page's own policy
    found = browser.execute_async_script("const done = arguments[0]; axe.run().then((r) => done(r.violations.map((v) => "
                                         "`${v.id}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(', ')}`)))")
    return "; ".join(found) or "nothing"


def requests():
    """Hosts that anything was asked of."""
    hosts = set()
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            address = message["params"]["request"]["url"]
            if address.startswith(("http:", "https:", "ws:", "wss:")):
                hosts.add(address.split("/")[2])
    return " ".join(sorted(hosts))


def text(selector):
    """In one step: what is drawn anew twice a second would be gone at the second."""
    return browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])].filter((e) => e.checkVisibility())"
        ".map((e) => e.innerText.replace(/\\s+/g, ' ').trim()).join(' | ')", selector)


def wait(seconds, selector, words):
    deadline = time.monotonic() + float(seconds)
    while time.monotonic() < deadline:
        if words in text(selector):
            return "yes"
        time.sleep(0.1)
    return f"no: {text(selector)[:300]}"


def answer(command, *words):
    if command == "open":
        browser.get(url)
        return "opened"
    if command == "text":
        return text(words[0])
    if command == "wait":  # SECONDS SELECTOR WORDS
        return wait(words[0], words[1], " ".join(words[2:]))
    if command == "gone":  # SECONDS SELECTOR: it is seen no more
        deadline = time.monotonic() + float(words[0])
        while time.monotonic() < deadline and text(words[1]):
            time.sleep(0.1)
        return "yes" if not text(words[1]) else "no"
    if command == "stale_after":  # ms from the last word of the server to the notice
        return str(browser.execute_async_script(
            "const done = arguments[0], e = document.getElementById('stale'); const look = () => e.hidden ? setTimeout(look, 20) : "
            "done(Math.round(1000 * parseFloat(e.textContent.match(/[0-9.]+/)[0]))); look();"))
    if command == "press":
        body().send_keys(*words)
        return "pressed"
    if command == "click":
        browser.find_element(By.CSS_SELECTOR, words[0]).click()
        return "clicked"
    if command == "type":
        browser.find_element(By.CSS_SELECTOR, words[0]).send_keys(words[1])
        return "typed"
    if command == "tabs":  # every control, by the Tab key alone
        wanted, seen = {"pause", "theme", "keys", "filter", "events"}, set()
        for _ in range(12):
            browser.switch_to.active_element.send_keys("\ue004")
            seen.add(browser.switch_to.active_element.get_attribute("id"))
        return "reached" if wanted <= seen else f"not reached: {wanted - seen}"
    if command == "size":
        browser.set_window_size(int(words[0]), int(words[1]))
        return "sized"
    if command == "wide":  # wider than the window?
        return str(browser.execute_script("return document.documentElement.scrollWidth > innerWidth")).lower()
    if command == "paint":  # first contentful paint, ms
        return str(browser.execute_script("return Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1)"))
    if command == "shot":
        browser.save_screenshot(f"{shots}/{words[0]}.png")
        return "taken"
    if command == "axe":
        return check_axe()
    if command == "requests":
        return requests()
    if command == "errors":
        return "; ".join(entry["message"] for entry in browser.get_log("browser") if "ERR_" not in entry["message"]) or "nothing"
    return f"there is no {command}"


try:
    for line in sys.stdin:
        if line.split()[:1] == ["end"]:
            break
        try:
            said = answer(*line.split())
        except Exception as error:  # told, and the next command is taken
            said = f"failed: {str(error).splitlines()[0]}"
        print(said.replace("\n", " "), flush=True)
finally:
    browser.quit()
