/* sheet.js: a map as a sheet of cells. Only columns near the visible part of a sheet are
 * elements, so that a long text costs no more than a short one. Above it a strip shows the
 * whole text at once, a few pixels a column, and moves the sheet. */

let sheets = [];

function makeCell(name, row, column) {
    const map = lens.maps[name], first = map.guesses[row][column][0];
    const cell = element("button", {
        type: "button", tabindex: -1, class: "cell", "data-row": row,
        "aria-label": `${plain(name)}, ${place(row)}, position ${lens.positions[column]}: ${word(first)}, ${percent(map.p[row][column][0])}`,
    });
    cell.classList.toggle("answer", first === lens.answers[column]);
    cell.classList.toggle("settled", taps[row] === String(map.settled[column]));
    paint(cell, map, row, column);
    return cell;
}

function makeColumn(name, column) {
    const position = lens.positions[column];
    const made = element("div", { class: "column", "data-column": column },
        element("div", { class: "head", title: lens.tokens[lens.ids[position]] }, token(lens.ids[position]), element("small", {}, String(position))));
    made.style.setProperty("--c", column);
    for (let row = rows - 1; row >= 0; row--) {
        made.append(makeCell(name, row, column));
    }
    return made;
}

function fill(sheet) {
    const { scroller, body, made, name, width } = sheet;
    const first = Math.max(0, Math.floor(scroller.scrollLeft / width) - 3);
    const end = Math.min(columns, Math.ceil((scroller.scrollLeft + scroller.clientWidth) / width) + 3);
    for (const [column, old] of made) {
        if (column < first || column >= end) {
            old.remove();
            made.delete(column);
        }
    }
    for (let column = first; column < end; column++) {
        if (!made.has(column)) {
            made.set(column, body.appendChild(makeColumn(name, column)));
        }
    }
    mark(sheet);
    drawWindow(sheet);
}

function mark({ made, name }) {
    for (const [column, parts] of made) {
        for (const cell of parts.querySelectorAll(".cell")) {
            const here = column === view.column && Number(cell.dataset.row) === view.row;
            cell.classList.toggle("picked", here);
            cell.tabIndex = here && name === view.map ? 0 : -1;
        }
    }
}

function makeLabel(name, row) {
    const inner = taps[row].includes(".");
    return element("div", { title: `${place(row)}${reading(name, row) ? `, ${reading(name, row)}` : ""}` }, taps[row],
        ...(inner && lens.maps[name].through ? [element("small", {}, ` ${lens.maps[name].through[row]}`)] : []));
}

/* Pointing shows a cell; a click keeps it until the next one or Escape. */
function listen(sheet) {
    const { name, scroller } = sheet;
    const tell = (event, pin) => {
        const cell = event.target.closest(".cell");
        if (cell && (pin || !view.pinned)) {
            pick(name, Number(cell.dataset.row), Number(cell.parentNode.dataset.column), pin);
        }
    };
    scroller.addEventListener("mouseover", (event) => tell(event, false));
    scroller.addEventListener("focusin", (event) => tell(event, true));
    scroller.addEventListener("click", (event) => tell(event, true));
    scroller.addEventListener("keydown", (event) => step(sheet, event));
    scroller.addEventListener("scroll", () => {
        fill(sheet);
        for (const other of sheets) { /* maps side by side show the same columns */
            if (other !== sheet && other.scroller.scrollLeft !== scroller.scrollLeft) {
                other.scroller.scrollLeft = scroller.scrollLeft;
            }
            if (other !== sheet && other.scroller.scrollTop !== scroller.scrollTop) {
                other.scroller.scrollTop = scroller.scrollTop;
            }
        }
    });
}

function makeSheet(name) {
    const labels = element("div", { class: "labels" }, element("div", { class: "corner" }, "layer"));
    for (let row = rows - 1; row >= 0; row--) {
        labels.append(makeLabel(name, row));
    }
    const body = element("div", { class: rows > last + 1 ? "sheet inner" : "sheet" }, labels);
    const scroller = element("div", { class: "scroller", role: "group", "aria-label": `guesses through ${plain(name)}` }, body);
    const sheet = { name, scroller, body, made: new Map(), width: 1, strip: makeStrip(name) };
    listen(sheet);
    return sheet;
}

function drawMaps() {
    const box = document.querySelector(".maps");
    sheets = view.shown.map(makeSheet);
    box.style.setProperty("--n", Math.min(sheets.length, 3));
    box.replaceChildren(...sheets.map(({ name, scroller, strip }) => element("section", {}, element("h2", {}, plain(name)), strip, scroller)));
    measure();
}

/* Columns fill the box, so that none is cut. */
function measure() {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    for (const sheet of sheets) {
        const size = (name) => parseFloat(getComputedStyle(sheet.body).getPropertyValue(name)) * rem;
        sheet.body.style.setProperty("--rows", rows);
        const room = sheet.scroller.clientWidth - size("--label"), least = size("--least");
        const fit = Math.max(1, Math.min(columns, Math.floor(room / least)));
        sheet.width = Math.min(room / fit, columns <= fit ? 1.6 * least : Infinity);
        sheet.body.style.setProperty("--cell", `${sheet.width}px`);
        sheet.body.style.width = `${size("--label") + columns * sheet.width}px`;
        sheet.scroller.scrollLeft = Math.round(sheet.scroller.scrollLeft / sheet.width) * sheet.width;
        drawStrip(sheet);
        fill(sheet);
    }
}

/* ---- the strip ---- */

function makeStrip(name) {
    const strip = element("div", { class: "strip" }, element("canvas", { role: "img", "aria-label": `all positions of ${plain(name)} at once` }), element("div", { class: "window" }));
    const go = (event) => {
        const box = strip.getBoundingClientRect();
        const at = Math.floor(((event.clientX - box.left) / box.width) * columns);
        show(Math.min(Math.max(at, 0), columns - 1), "centre");
    };
    strip.addEventListener("pointerdown", (event) => {
        strip.setPointerCapture(event.pointerId);
        go(event);
    });
    strip.addEventListener("pointermove", (event) => event.buttons && go(event));
    return strip;
}

/* A pixel a cell, stretched by the style. */
function drawStrip({ name, strip, scroller }) {
    strip.hidden = scroller.scrollWidth <= scroller.clientWidth + 1;
    if (strip.hidden) {
        return;
    }
    const canvas = strip.firstChild, context = canvas.getContext("2d");
    Object.assign(canvas, { width: columns, height: rows });
    const image = context.createImageData(columns, rows);
    for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
            image.data.set([...shadeOf(lens.maps[name], row, column), 255], 4 * ((rows - 1 - row) * columns + column));
        }
    }
    context.putImageData(image, 0, 0);
}

/* The part of the strip that the sheet shows. */
function drawWindow({ strip, scroller, width }) {
    const share = (x) => `${(100 * x) / (columns * width)}%`;
    const window = strip.lastChild, label = scroller.scrollWidth - columns * width;
    window.style.left = share(scroller.scrollLeft);
    window.style.width = share(scroller.clientWidth - label);
}

/* ---- going somewhere ---- */

/* Bring a column into sight: nothing moves where it is, unless it is to be in the middle. */
function show(column, where) {
    for (const sheet of sheets) {
        const { scroller, width } = sheet;
        const fit = Math.max(1, Math.floor((scroller.clientWidth - (scroller.scrollWidth - columns * width)) / width + 0.01));
        const first = Math.round(scroller.scrollLeft / width);
        if (where === "centre" || column < first || column >= first + fit) {
            scroller.scrollLeft = Math.max(0, column - Math.floor(fit / 2)) * width;
            fill(sheet);
        }
    }
}

/* The same cell at another place, in sight and with the focus. */
function go(row, column) {
    const name = view.shown.includes(view.map) ? view.map : view.shown[0];
    const sheet = sheets.find((s) => s.name === name);
    pick(name, row, column, true);
    show(column);
    sheet.made.get(column)?.querySelector(`[data-row="${row}"]`).focus({ preventScroll: false });
}

function step(sheet, event) {
    const page = Math.max(1, Math.floor(sheet.scroller.clientWidth / sheet.width) - 1);
    const move = {
        ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 0], ArrowDown: [-1, 0],
        Home: [0, -columns], End: [0, columns], PageUp: [0, -page], PageDown: [0, page],
    }[event.key];
    if (!move) {
        return;
    }
    event.preventDefault();
    view.map = sheet.name;
    go(Math.min(Math.max(view.row + move[0], 0), rows - 1), Math.min(Math.max(view.column + move[1], 0), columns - 1));
}
