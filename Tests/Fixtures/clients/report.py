"""Opens a report of monocle eval from the disk in a headless Chromium. Arguments: URL of index.html, [folder for screenshots].
Expects the runs that ReportTests invents. Prints OK at the end."""
import sys

sys.dont_write_bytecode = True
from browser import Browser

url = sys.argv[1]
folder = sys.argv[2] if len(sys.argv) > 2 else None
LEFT, RIGHT, TAB, ENTER = "\ue012", "\ue014", "\ue004", "\ue007"

with Browser(folder) as browser:
    run, wait = browser.run, browser.wait

    def status():
        return run("return document.querySelector('[role=status]').textContent")

    def choose(name, value):
        run("""const select = document.getElementById('by-' + arguments[0]);
            select.value = arguments[1]; select.dispatchEvent(new Event('change', {bubbles: true}))""", name, value)

    browser.open(url)
    wait("document.querySelector('main table')", "table of scores")
    text = run("return document.querySelector('main').innerText")
    assert "Synthetic documents" in text and "DocVQA (val)" in text and "91.2" in text and "83.3" in text, text
    assert "60 items" in text and "tiny, w4a4" in text and "INCONCLUSIVE" in text or "FAIL" in text, text
    browser.shot("report-light.png")
    browser.dark(True)
    browser.shot("report-dark.png")
    browser.dark(False)
    browser.phone(True)
    browser.shot("report-phone.png")
    browser.phone(False)

    # Filters change the list and the address; going back undoes them.
    run("document.getElementById('to-samples').click()")
    wait("document.querySelectorAll('ol.samples li').length === 60", "list of samples")
    assert status().startswith("60 of 60 samples; marked: tiny, bf16, then tiny, w4a4"), status()
    choose("show", "lower")
    wait("document.querySelectorAll('ol.samples li').length < 60", "fewer samples")
    lower = int(status().split()[0])
    choose("show", "higher")
    wait(f"!document.querySelector('[role=status]').textContent.startsWith('{lower} ')", "other samples")
    higher = int(status().split()[0])
    assert 0 < higher < lower, (higher, lower)
    run("history.back()")
    wait(f"document.querySelector('[role=status]').textContent.startsWith('{lower} ')", "the earlier filter")
    choose("show", "")
    choose("x", "1")
    wait("document.querySelector('[role=status]').textContent.endsWith('marked: tiny, w4a4, then tiny, bf16')", "the second run")
    choose("error", "endpoint")
    wait("document.querySelectorAll('ol.samples li').length === 1", "the error")
    assert "error: endpoint" in run("return document.querySelector('ol.samples').innerText")
    choose("error", "")
    choose("cut", "1")
    wait("document.querySelectorAll('ol.samples li').length === 1", "the reply that was cut off")
    choose("cut", "")
    choose("verdict", "wrong")
    wait("document.querySelectorAll('ol.samples li').length > 1", "wrong replies")
    assert all("wrong" in it for it in run("return [...document.querySelectorAll('ol.samples li')].map(it => it.innerText)"))
    assert not browser.nameless(), browser.nameless()
    browser.shot("samples-light.png")
    browser.phone(True)
    browser.shot("samples-phone.png")
    browser.phone(False)

    # A sample: its image with tiles, both replies with their difference; the arrows lead to its neighbours.
    run("document.querySelector('ol.samples a').click()")
    wait("document.querySelector('.frame img')?.complete", "image")
    for _ in range(20):  # to an image of several tiles
        if run("return document.querySelectorAll('.frame svg line').length"):
            break
        before = run("return location.hash")
        run("document.getElementById('next').click()")
        wait(f"location.hash !== '{before}' && document.querySelector('.frame img')?.complete", "the next image")
    assert run("return document.querySelector('.frame img').naturalWidth") > 0
    assert run("return document.querySelectorAll('.frame svg line').length") > 0
    assert run("return document.querySelectorAll('.answers section').length") == 2
    assert run("return document.querySelectorAll('.answers ins, .answers del').length") > 0
    browser.shot("sample-light.png")
    browser.dark(True)
    browser.shot("sample-dark.png")
    browser.dark(False)
    browser.phone(True)
    browser.shot("sample-phone.png")
    browser.phone(False)
    first = run("return location.hash")
    browser.keys(RIGHT)
    wait(f"location.hash !== '{first}'", "the next sample")
    browser.keys(LEFT)
    wait(f"location.hash === '{first}'", "the sample before")

    # By keyboard alone: from the top to a sample.
    run("location.hash = '#/samples?q=3'")
    wait("document.querySelector('ol.samples')", "list of samples")
    for _ in range(40):
        browser.keys(TAB)
        if run("return document.activeElement.matches('ol.samples a')"):
            break
    else:
        raise AssertionError("the samples cannot be reached by keyboard")
    browser.keys(ENTER)
    wait("location.hash.startsWith('#/sample/')", "the sample")

    # Texts of a run are texts.
    run("location.hash = '#/sample/3?x=1'")
    wait("document.querySelector('.reply')?.textContent.includes('onerror')", "the hostile reply")
    assert run("return document.title") == "Evaluation"
    assert run("return document.querySelectorAll('main script, main img:not(.frame img)').length") == 0
    run("location.hash = '#/sample/0?b=1'")
    wait("document.querySelector('#prompt')?.textContent.includes('Which <b>?')", "the prompt of the second benchmark")
    wait("document.querySelector('.frame img')?.complete", "image of the second benchmark")

    # Boxes lie on the image, with a legend in words; tables stand side by side, their text as text.
    run("location.hash = '#/sample/0?b=2&y=1'")
    wait("document.querySelectorAll('.frame rect.gold').length === 1", "the accepted box")
    place = run("const it = document.querySelector('.frame rect.gold'); return ['x', 'y', 'width', 'height'].map(name => it.getAttribute(name))")
    assert place == ["100", "200", "200", "200"], place
    assert run("return document.querySelectorAll('.frame rect.run0, .frame rect.run1').length") == 2
    legend = run("return document.getElementById('legend').innerText")
    assert all(name in legend for name in ["accepted: 1 box", "tiny, bf16: 1 box", "tiny, w4a4: 1 box"]), legend
    browser.shot("boxes-light.png")
    run("location.hash = '#/sample/2?b=2&y=1'")
    wait("document.querySelectorAll('#tables section').length === 3", "three tables")
    assert run("return [...document.querySelectorAll('#tables section')].map(it => it.querySelectorAll('mark').length)") == [0, 0, 1]
    assert run("return document.title") == "Evaluation"
    assert run("return document.querySelectorAll('#tables script, #tables b, #tables [onclick]').length") == 0
    browser.shot("tables-light.png")
    assert not browser.nameless(), browser.nameless()
    print("OK")
