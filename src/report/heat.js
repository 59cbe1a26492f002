/* heat.js: R2 from layer to layer as coloured cells. */

/* ---- heat maps ---- */

const RAMP = [[68, 1, 84], [71, 45, 123], [59, 82, 139], [44, 114, 142], [33, 145, 140],
    [40, 174, 128], [94, 201, 98], [173, 220, 48], [253, 231, 37]]; /* viridis */

function rampColour(x) {
    const at = Math.min(Math.max(x, 0), 1) * (RAMP.length - 1);
    const low = Math.min(Math.floor(at), RAMP.length - 2);
    const mixed = RAMP[low].map((c, i) => Math.round(c + (RAMP[low + 1][i] - c) * (at - low)));
    return `rgb(${mixed.join(",")})`;
}

/* Which layers get their number beside the map: about a dozen, evenly spaced. */
function tick(layer) {
    const step = [1, 2, 5, 10, 20, 50, 100].find((s) => L / s <= 13) ?? 200;
    return layer % step === 0 ? String(layer) : "";
}

function heatCell(value, from, to) {
    const cell = element("div", { role: "gridcell", "data-from": from, "data-to": to });
    if (value === null) {
        return cell;
    }
    cell.className = "known";
    cell.style.color = rampColour(value);
    cell.setAttribute("aria-label", `from layer ${from} to layer ${to}: R² ${short(value)}`);
    cell.tabIndex = -1;
    return cell;
}

/* Pointer and keyboard both lead to a cell's words beside it; arrow keys go from cell to cell. */
function heatEvents(map, grid) {
    const tip = element("div", { class: "tip", hidden: "" });
    const show = (cell) => {
        tip.hidden = !cell?.classList.contains("known");
        if (tip.hidden) {
            return;
        }
        tip.textContent = cell.getAttribute("aria-label");
        const inside = cell.getBoundingClientRect(), around = map.getBoundingClientRect();
        const left = inside.left - around.left + inside.width / 2 - tip.offsetWidth / 2;
        tip.style.left = `${Math.max(0, Math.min(left, around.width - tip.offsetWidth))}px`;
        tip.style.top = `${inside.top - around.top - tip.offsetHeight - 4}px`;
    };
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    map.append(tip);
    grid.addEventListener("mouseover", (event) => show(event.target));
    grid.addEventListener("mouseleave", () => show(null));
    grid.addEventListener("focusin", (event) => show(event.target));
    grid.addEventListener("focusout", () => show(null));
    grid.addEventListener("click", (event) => event.target.focus());
    grid.addEventListener("keydown", (event) => {
        const move = step[event.key];
        if (!move) {
            return;
        }
        event.preventDefault();
        const from = Number(event.target.dataset.from) + move[0];
        const to = Number(event.target.dataset.to) + move[1];
        grid.querySelector(`[data-from="${from}"][data-to="${to}"].known`)?.focus();
    });
}

function heatMap(method) {
    const layers = [...Array(L + 1).keys()];
    const row = (...cells) => element("div", { role: "row" }, ...cells);
    const label = (text, place, role) => element("div", { class: `tick ${place}`, role }, text);
    const grid = element("div", { class: "heat", role: "grid", "aria-label": `R² of the ${told[method]} from layer to layer` },
        row(label("", "top", "presentation"), ...layers.map((to) => label(tick(to), "top", "columnheader"))),
        ...layers.map((from) => row(label(tick(from), "left", "rowheader"),
            ...results.r2[method][from].map((value, to) => heatCell(value, from, to)))));
    grid.style.setProperty("--n", L + 1);
    grid.classList.toggle("dense", L > 30);
    grid.querySelector(".known").tabIndex = 0; /* one stop for the Tab key */
    const map = element("div", { class: "map" }, element("h3", {}, told[method]),
        element("div", { class: "axes" },
            element("div", { class: "to" }, "to layer"), element("div", { class: "from" }, "from layer"), grid));
    heatEvents(map, grid);
    return map;
}

function heatScale() {
    const bar = element("div", { class: "bar" });
    bar.style.background = `linear-gradient(to right, ${RAMP.map((c) => `rgb(${c.join(",")})`).join(", ")})`;
    return element("div", { class: "scale" }, element("span", {}, "R²"), bar,
        element("div", { class: "ends" }, ...["≤ 0", "0.25", "0.5", "0.75", "1"].map((text) => element("span", {}, text))));
}

/* The same as a picture: a map under the other. */
function heatPicture() {
    const cell = Math.max(4, Math.floor(480 / (L + 1))), side = cell * (L + 1), left = 60, each = side + 64;
    const { canvas, context } = picture(left + side + 20, methods.length * each + 40);
    methods.forEach((method, i) => {
        const top = i * each + 44;
        context.fillStyle = colour("--ink");
        context.fillText(`${told[method]}: R² to layer (across) from layer (down)`, 10, top - 32, left + side);
        results.r2[method].forEach((row, from) => row.forEach((value, to) => {
            context.fillStyle = value === null ? colour("--paper") : rampColour(value);
            context.fillRect(left + to * cell, top + from * cell, cell, cell);
        }));
        context.fillStyle = colour("--soft");
        for (let l = 0; l <= L; l++) {
            context.textAlign = "center";
            context.fillText(tick(l), left + (l + 0.5) * cell, top - 10);
            context.textAlign = "right";
            context.fillText(tick(l), left - 6, top + (l + 0.5) * cell);
        }
        context.textAlign = "left";
    });
    const y = methods.length * each + 18;
    context.fillText("R²: 0 or less", 4, y, 70);
    for (let x = 0; x < 200; x++) {
        context.fillStyle = rampColour(x / 199);
        context.fillRect(80 + x, y - 6, 1, 12);
    }
    context.fillStyle = colour("--soft");
    context.fillText("1", 286, y);
    return canvas;
}
