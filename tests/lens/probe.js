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
        labels: all("section:first-of-type .labels div:not(.corner)").slice(0, lens.taps.length).map((e) => e.firstChild.textContent).join(" "),
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
    /* What who lacks cones for red, for green, or for blue sees of linear light (Machado,
     * Oliveira and Fernandes 2009): each step of a scale still further from the paper: darker in light,
     * lighter in dark. */
    const BLIND = [[[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]];
    const linear = (c) => (c <= 10.31475 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    const lightness = (y) => (y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y); /* CIE L* */
    const seen = (rgb, matrix) => {
        const [r, g, b] = matrix.map((row) => row.reduce((sum, m, i) => sum + m * linear(rgb[i]), 0));
        return lightness(0.2126 * r + 0.7152 * g + 0.0722 * b);
    };
    const told = (ramp, sign) => BLIND.every((matrix) =>
        [0, 0.2, 0.4, 0.6, 0.8].every((x) => sign * (seen(mix(ramp, x), matrix) - seen(mix(ramp, x + 0.2), matrix)) > 8));
    const worst = () => Math.min(...all(".cell").map(contrast));
    let least = worst();

    const shown = (selector) => document.querySelector(`${selector}`).style.backgroundColor;
    const at = `.cell[data-row="${Math.floor(lens.taps.length / 2)}"]`, shades = [shown(at)];
    for (const shade of ["rank", "entropy", "kl"]) {
        document.querySelector(`input[value="${shade}"]`).click();
        shades.push(shown(at));
        least = Math.min(least, worst());
    }
    const words = [];
    for (const shade of ["next", ...lens.targets.map((id, i) => `target-${i}`)]) {
        document.querySelector(`input[value="${shade}"]`).click();
        least = Math.min(least, worst());
        words.push(all(".cell").every((cell) => {
            const map = lens.maps[sheets.find((sheet) => sheet.body.contains(cell)).name], { row } = cell.dataset, { column } = cell.parentNode.dataset;
            const rank = shade === "next" ? map.next_rank[row][column] : map.target_rank[Number(shade.slice(7))][row][column];
            return cell.textContent === (rank === null ? "" : String(rank));
        }) ? "right" : "wrong");
    }
    facts.tokens = words.join(" ");
    document.querySelector('input[value="kl"]').click();
    facts["cells again"] = all(".cell").every((cell) => cell.textContent !== "") ? "guesses" : "empty";
    facts.shade = new Set(shades).size === 4 ? "changes" : `fails: ${shades}`;
    facts.clear = least >= 4.5 ? "yes" : `contrast of ${least}`;

    const first = lens.maps[names[0]];
    facts.last = first.kl.at(-1).every((kl) => kl === 0) && first.guesses.at(-1).every((ids, c) => ids[0] === lens.answers[c])
        ? "model's own" : "another";
    const drawn = all(`section:first-of-type .column`).filter((column) => sheets[0].body.contains(column));
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
    const cut = () => {
        const right = scroller.getBoundingClientRect().left + scroller.clientLeft + scroller.clientWidth;
        return all("section:first-of-type .column").some((column) => {
            const box = column.getBoundingClientRect();
            return box.left < right - 2 && box.right > right + 2;
        });
    };
    facts.columns = cut() ? "cut" : "whole";
    const key = (name) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
    const long = scroller.scrollWidth > scroller.clientWidth + 1;
    key("End");
    facts.keys = view.column === columns - 1 && document.activeElement.parentNode.dataset.column === String(columns - 1) ? "End" : "fails";
    facts.columns += cut() ? " then cut" : "";
    key("Home");
    facts.keys += view.column === 0 && scroller.scrollLeft < 1 ? " Home" : " fails";
    key("PageDown");
    facts.keys += view.column > 0 ? " PageDown" : " fails";
    document.querySelector(`.text [data-column="${columns - 1}"]`).click();
    facts.text = view.column === columns - 1 && document.querySelector(".text .here").dataset.column === String(columns - 1) ? "jumps" : "fails";
    const input = document.querySelector(".jump");
    input.value = lens.positions[0];
    input.dispatchEvent(new Event("change"));
    facts.jump = view.column === 0 ? "reached" : "fails";
    const { strip } = sheets[0], box = strip.getBoundingClientRect();
    if (long) {
        const pointer = { bubbles: true, clientX: box.left + 0.75 * box.width, clientY: box.top + 5, buttons: 1 };
        strip.dispatchEvent(new PointerEvent("pointermove", pointer));
        facts.strip = scroller.scrollLeft > 0.3 * scroller.scrollWidth ? "moves" : "fails";
    } else {
        facts.strip = strip.hidden ? "moves" : "shown for nothing";
    }
    const other = sheets[0].body.querySelector(".cell:not(.picked)"), told0 = document.querySelector(".said").textContent;
    other.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
    facts.pinned = document.querySelector(".said").textContent === told0 ? "stays" : "fails";
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    other.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
    facts.pinned += document.querySelector(".said").textContent !== told0 ? ", let go" : ", fails";
    facts.through = lens.taps.map((tap, row) => {
        pick(names.at(-1), row, 0);
        return tap.includes(".") ? document.querySelector(".said p").textContent.split("; ").at(-1) : "";
    }).filter((words) => words).join(" ") || "no inner taps";

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

    const from = performance.now(), cells = all(".cell");
    for (let i = 0; i < 100; i++) {
        cells[(37 * i) % cells.length].dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
        void document.body.offsetHeight;
    }
    const hover = (performance.now() - from) / 100;
    facts.hover = hover < 100 ? "quick" : `${hover} ms`;
    facts.palette = Object.values(RAMPS.light).every((r) => told(r, 1)) && Object.values(RAMPS.dark).every((r) => told(r, -1)) ? "told apart" : "fails";

    dispatchEvent(new Event("beforeprint"));
    const printed = all(".paper tbody tr").reduce((sum, line) => sum + line.querySelectorAll("td").length, 0), paper = all(".paper td")[0].style.backgroundColor;
    const light0 = `rgb(${mix(RAMPS.light[view.shade], SHADES[view.shade].x(first, rows - 1, 0)).join(", ")})`;
    dispatchEvent(new Event("afterprint"));
    facts.paper = printed !== facts.maps * rows * columns ? `${printed} cells` : paper !== light0 ? `${paper} for ${light0}` : all(".paper").length === 0 ? "every cell" : "stays";

    const details = document.querySelector(".all");
    details.open = true;
    drawNumbers();
    while (drawMore());
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
