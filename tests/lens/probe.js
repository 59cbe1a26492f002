/* probe.js: put at the end of a copy of the page; says in words what a browser made of it,
 * one fact a line, and tells them to the window around it, if there is one. */
window.addEventListener("load", () => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const facts = {
        ready: document.body.dataset.ready ?? "no",
        width: innerWidth,
        fetched: performance.getEntriesByType("resource").filter((e) => !e.name.startsWith("data:")).length,
        title: document.title,
        scripts: all("script").length,
        bold: all("b").length, /* markup that came out of a token or a name */
        labels: all(".scroller:first-of-type .labels div:not(.corner)").slice(0, lens.taps.length).map((e) => e.textContent).join(" "),
        maps: all(".scroller").length,
        guesses: all(".said li").length,
        said: document.querySelector(".said").textContent,
    };

    const rgb = (text) => text.match(/[\d.]+/g).slice(0, 3).map(Number);
    const light = (text) => {
        const [r, g, b] = rgb(text).map((c) => (c <= 10.31475 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (cell) => {
        const [low, high] = [light(cell.style.color), light(cell.style.backgroundColor)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const worst = () => Math.min(...all(".cell").map(contrast));
    let least = worst();

    const shown = (selector) => document.querySelector(`${selector}`).style.backgroundColor;
    const at = `.cell[data-row="${Math.floor(lens.taps.length / 2)}"]`, before = shown(at);
    document.querySelector('input[value="kl"]').click();
    facts.shade = shown(at) !== before ? "changes" : "fails";
    least = Math.min(least, worst());
    facts.clear = least >= 4.5 ? "yes" : `contrast of ${least}`;

    const first = lens.maps[names[0]];
    facts.last = first.kl.at(-1).every((kl) => kl === 0) && first.guesses.at(-1).every((ids, c) => ids[0] === lens.answers[c])
        ? "model's own" : "another";
    const drawn = all(`.scroller:first-of-type .column`).filter((column) => sheets[0].body.contains(column));
    facts.marks = drawn.every((column) => {
        const settled = lens.taps.indexOf(String(first.settled[Number(column.dataset.column)]));
        const cells = [...column.querySelectorAll(".cell")] /* last layer first */
            .filter((cell) => !lens.taps[cell.dataset.row].includes("."));
        const above = cells.filter((cell) => Number(cell.dataset.row) >= settled);
        return above.every((cell) => cell.classList.contains("answer")) && above.at(-1).classList.contains("settled")
            && !cells[above.length]?.classList.contains("answer");
    }) ? "right" : "wrong";

    const cell = sheets[0].body.querySelector('[data-column="0"] .cell');
    cell.focus();
    cell.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    facts.arrow = view.column === 1 && document.querySelector(".said").textContent.includes(`position ${lens.positions[1]} `)
        ? "next position" : "fails";

    const { scroller } = sheets[0];
    const start = performance.now();
    for (let i = 1; i <= 20; i++) { /* from end to end */
        scroller.scrollLeft = (scroller.scrollWidth * i) / 20;
        fill(sheets[0]);
        void scroller.offsetHeight;
    }
    const each = (performance.now() - start) / 20;
    facts.frame = `${each.toFixed(1)} ms`;
    facts.quick = each < 300 && all(".cell").length < 10000 ? "yes" : `${each} ms, ${all(".cell").length} cells`;
    facts.end = sheets[0].body.querySelector(`[data-column="${lens.positions.length - 1}"]`) ? "reached" : "fails";

    const details = document.querySelector(".all");
    details.open = true;
    drawNumbers();
    facts.numbers = all(".all tbody td").length === facts.maps * lens.positions.length * first.kl.length ? "yes" : "no";
    facts.overflow = document.documentElement.scrollWidth > innerWidth ? `yes: ${document.documentElement.scrollWidth}` : "no";
    document.querySelector('input[name="map"][value="0"]').click();
    facts["one map"] = all(".scroller").length === 1 ? document.querySelector(".maps h2").textContent : "fails";
    facts.error = all(".error").map((e) => e.textContent).join(" ") || "none";

    const text = Object.entries(facts).map(([name, value]) => `${name}: ${value}`).join("\n");
    const pre = document.createElement("pre");
    pre.textContent = `\n${text}\n`;
    document.body.append(pre);
    parent.postMessage(text, "*");
});
