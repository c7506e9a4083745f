// The page: sends what is drawn, and shows what the search makes of it.

import { Sheet } from "./sheet.js";

const $ = (id) => document.getElementById(id);
const sheet = new Sheet($("sheet"), $("cursor"), changed, ended);
let socket = null; // the connection, while there is one
let ready = null; // what is known of the classifier, once it is loaded
let choices = [];
let looks = []; // at the search of the picture that was sent last
let picture = null; // as it is compared
let number = 0; // of the picture that was sent last
let isSent = false; // and not yet looked at
let isStale = false; // the sheet has changed since
let follows = true; // the slider stands at the latest look
let tiles = []; // of each class: the elements that show it
let endOfStroke = null;
let speaking = null;
let state = { text: "Connecting …", isTrouble: false }; // of the connection and the classifier
const NONE = "none of them?";
const INVITATION = "Draw something, or drop a picture here.";

// --- what is sent -------------------------------------------------------------------------------

function changed() {
  $("invitation").hidden = !sheet.isEmpty;
  // what could not be opened is no longer of interest
  say(state);
  isStale = true;
  endOfStroke = null;
  send();
}

function ended() {
  if (isSent || isStale) endOfStroke = performance.now();
  // what was drawn is answered already
  else document.body.dataset.milliseconds = 0;
}

function send() {
  $("undo").disabled = sheet.before.length === 0;
  if (ready === null || !isStale) return;
  if (sheet.isEmpty) {
    isStale = false;
    return showNothing(INVITATION);
  }
  if (isSent || socket.readyState !== WebSocket.OPEN) return;
  isStale = false;
  isSent = true;
  number += 1;
  const head = new DataView(new ArrayBuffer(4));
  head.setUint32(0, number);
  socket.send(new Blob([head, sheet.encoded()]));
}

function choose() {
  const [generator, settings] = [$("generator").value, $("settings").value];
  told.loading({ generator });
  socket.send(JSON.stringify({ generator, settings }));
}

// --- what is told -------------------------------------------------------------------------------

const told = {
  choices(message) {
    choices = message.choices;
    const names = choices.map((choice) => choice.generator);
    // what was chosen before the connection broke
    const [generator, settings] = [$("generator").value, $("settings").value];
    const isKnown = names.includes(generator);
    fillSelect($("generator"), names, isKnown ? generator : message.first[0]);
    offerSettings(isKnown ? settings : message.first[1]);
    if (isKnown) choose();
  },
  loading(message) {
    unload("Loading …");
    tell(`Loading ${message.generator} …`);
  },
  refused(message) {
    unload("Choose another generator, or other settings.");
    tell(message.reason, true);
  },
  ready(message) {
    ready = message;
    tell(message.steps ? `${message.steps} search steps` : "Ready; no search step");
    const isColour = ready.channels === 3;
    $("colour-field").hidden = !isColour;
    sheet.colour = isColour ? $("colour").value : null;
    const grey = isColour ? Math.round(255 * ready.background) : 255;
    sheet.blank = [grey, grey, grey];
    // pictures are cut to the generator's proportions, but of drawings the ink is cropped
    sheet.proportions = ready.arrange ? [1, 1] : [ready.width, ready.height];
    if (sheet.isEmpty) sheet.clear();
    makeTiles();
    showNothing(sheet.isEmpty ? INVITATION : "Searching …");
    isStale = true;
    send();
  },
  nothing(message) {
    if (message.number !== number) return;
    showNothing(`The picture ${message.reason}.`);
    send();
  },
  look(message) {
    if (message.number !== number || ready === null) return;
    if (message.picture !== null) {
      looks = [];
      follows = true;
      picture = unpacked(message.picture);
      if (isSent && endOfStroke !== null && !isStale) {
        // for whoever wants to know how quick it is
        document.body.dataset.milliseconds = (performance.now() - endOfStroke).toFixed(1);
        endOfStroke = null;
      }
      isSent = false;
      // what was drawn meanwhile is searched while this is shown
      send();
    }
    for (const name of ["images", "compared", "observed"]) {
      if (message[name] !== null) message[name] = unpacked(message[name]);
    }
    if (looks.length && looks.at(-1).step === message.step) looks.pop();
    looks.push(message);
    const slider = $("step");
    slider.disabled = looks.length < 2;
    slider.max = looks.length - 1;
    if (follows) slider.value = looks.length - 1;
    show();
    clearTimeout(speaking);
    if (message.last) speakSoon(sentence(message));
  },
};

function connect() {
  const address = new URL("watch", location.href);
  address.protocol = "ws:";
  socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    told[message.kind](message);
  };
  socket.onclose = () => {
    unload("Nothing is searched now.");
    for (const id of ["generator", "settings"]) $(id).disabled = true;
    tell("The program does not answer; trying again …", true);
    setTimeout(connect, 1500);
  };
}

// --- what is shown ------------------------------------------------------------------------------

function tell(text, isTrouble = false) {
  state = { text, isTrouble };
  say(state);
}

function say({ text, isTrouble }) {
  write($("status"), text);
  $("status").classList.toggle("trouble", isTrouble);
}

function complain(text) {
  say({ text, isTrouble: true });
}

// once: screen readers may say again what is only written again
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function fillSelect(select, names, chosen) {
  select.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  select.disabled = false;
}

function offerSettings(chosen) {
  const { settings, usual } = choices.find((choice) => choice.generator === $("generator").value);
  fillSelect($("settings"), settings, settings.includes(chosen) ? chosen : usual);
}

function makeTiles() {
  tiles = [];
  const lists = ready.labels.map((label) => {
    const list = document.createElement("ol");
    list.setAttribute("aria-label", ready.labels.length > 1 ? label.name : "Classes, best first");
    for (let i = label.first; i < label.first + label.count; i += 1) {
      const item = document.createElement("li");
      item.innerHTML = '<canvas role="img"></canvas><p class="name"><span></span><span></span></p>' +
        '<p class="note"></p>';
      item.title = ready.names[i];
      // the label's name stands above
      item.querySelector(".name span").textContent = label.values[i - label.first];
      tiles[i] = {
        item,
        canvas: item.querySelector("canvas"),
        score: item.querySelector(".name span:last-child"),
        note: item.querySelector(".note"),
      };
      drawImage(tiles[i].canvas, new Uint8Array(size()).fill(Math.round(255 * ready.background)));
      tiles[i].canvas.setAttribute("aria-label", `${ready.names[i]}: nothing yet`);
      list.append(item);
    }
    return list;
  });
  const parts = lists.map((list, i) => {
    const part = document.createElement("div");
    if (lists.length > 1) {
      const title = document.createElement("h3");
      title.textContent = ready.labels[i].name;
      part.append(title);
    }
    part.append(list);
    return part;
  });
  $("labels").replaceChildren(...parts);
  $("labels").classList.toggle("several", parts.length > 1);
}

function size() {
  return ready.height * ready.width * ready.channels;
}

function unpacked(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

// bytes of one picture, grey or of three colours, onto a canvas of its size
function drawImage(canvas, bytes) {
  canvas.width = ready.width;
  canvas.height = ready.height;
  const image = new ImageData(ready.width, ready.height);
  const { channels } = ready;
  for (let pixel = 0; pixel < ready.width * ready.height; pixel += 1) {
    for (let c = 0; c < 3; c += 1) {
      image.data[4 * pixel + c] = bytes[channels * pixel + (channels === 3 ? c : 0)];
    }
    image.data[4 * pixel + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// what a reconstruction misses of the picture, orange, and adds to it, blue
function drawRest(canvas, bytes, made) {
  canvas.width = ready.width;
  canvas.height = ready.height;
  const image = new ImageData(ready.width, ready.height);
  const { channels } = ready;
  const isInkLight = ready.background <= 0.5;
  for (let pixel = 0; pixel < ready.width * ready.height; pixel += 1) {
    let rest = 0;
    for (let c = 0; c < channels; c += 1) {
      rest += (bytes[channels * pixel + c] - made[channels * pixel + c]) / (255 * channels);
    }
    if (!isInkLight) rest = -rest;
    const strength = Math.min(1, Math.abs(rest) * 2.5);
    const colour = rest > 0 ? [255, 150, 50] : [80, 150, 255];
    for (let c = 0; c < 3; c += 1) {
      image.data[4 * pixel + c] = 22 + strength * (colour[c] - 22);
    }
    image.data[4 * pixel + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function imageOf(look, element) {
  return look.images.subarray(element * size(), (element + 1) * size());
}

// the classes of a label, best first
function ordered(look, label) {
  const elements = Array.from({ length: label.count }, (_, i) => label.first + i);
  return elements.sort((a, b) => look.scores[b] - look.scores[a]);
}

function bestElement(look) {
  return look.answers.reduce((a, b) => (look.scores[b] > look.scores[a] ? b : a));
}

function names(look) {
  return look.answers.map((element) => ready.names[element]);
}

function shown() {
  return looks[Number($("step").value)];
}

function show() {
  const look = shown();
  ready.labels.forEach((label, i) => {
    const order = ordered(look, label);
    const list = $("labels").querySelectorAll("ol")[i];
    order.forEach((element, place) => {
      const { item, canvas, score, note } = tiles[element];
      if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
      drawImage(canvas, imageOf(look, element));
      item.className = place === 0 ? "first" : look.searched[element] ? "" : "dropped";
      score.textContent = look.scores[element].toFixed(4);
      note.textContent = look.searched[element] ? "" : "dropped";
      canvas.setAttribute(
        "aria-label",
        `${ready.names[element]}: place ${place + 1} of ${order.length}, ` +
          `score ${score.textContent}${look.searched[element] ? "" : ", dropped"}`,
      );
    });
  });
  const answer = names(look).join(", ");
  const verdict = look.doubtful ? NONE : answer;
  $("answer").textContent = verdict;
  $("answer").classList.toggle("doubtful", look.doubtful);
  $("answer").classList.toggle("long", verdict.length > 3);
  $("answer").classList.toggle("longer", verdict.length > 16);
  $("facts").textContent = facts(look).join("\n");
  const isExplained = look.explanation !== null;
  $("explanation").hidden = $("observed-view").hidden = !isExplained;
  $("explanation").textContent = look.explanation;
  const made = imageOf(look, bestElement(look));
  // without what was undone in it, and what the best class makes of that
  const [seen, observed] = isExplained ? [look.compared, look.observed] : [picture, made];
  drawImage($("seen"), seen);
  drawImage($("observed"), observed);
  drawImage($("best"), made);
  $("best-caption").textContent = isExplained ? "Undistorted" : "Reconstruction";
  drawRest($("rest"), seen, observed);
  const text = `${look.step} of ${ready.steps}`;
  $("step-text").textContent = text;
  $("step").setAttribute("aria-valuetext", `step ${text}: ${answer}`);
  for (const id of ["save-png", "save-json"]) $(id).disabled = false;
  document.querySelector(".views").classList.remove("empty");
  document.body.dataset.answer = answer;
  document.body.dataset.doubtful = look.doubtful;
  document.body.dataset.number = look.number;
}

function facts(look) {
  const total = look.answers.reduce((sum, element) => sum + look.scores[element], 0);
  const lines = [`score ${(total / look.answers.length).toFixed(4)}`];
  if (ready.labels.length > 1) {
    lines[0] = `mean ${lines[0]}`;
  } else if (ready.names.length > 1) {
    const [first, second] = ordered(look, ready.labels[0]);
    const margin = look.scores[first] - look.scores[second];
    lines.push(`next ${ready.names[second]}, ${margin.toFixed(4)} below`);
  }
  lines.push(`difference ${look.differences[bestElement(look)].toFixed(4)}`);
  if (look.probability !== null) lines.unshift(`probability ${percent(look.probability)}`);
  if (look.doubtful) lines.unshift(`most like ${names(look).join(", ")}`);
  return lines;
}

// never certain
function percent(share) {
  return share > 0.999 ? "over 99.9\u00a0%" : `${(100 * share).toFixed(1)}\u00a0%`;
}

function showNothing(reason) {
  // what is still told of an earlier drawing is no longer of interest
  number += 1;
  isSent = false;
  looks = [];
  picture = null;
  $("answer").textContent = "–";
  $("answer").classList.remove("long", "longer", "doubtful");
  $("explanation").hidden = $("observed-view").hidden = true;
  $("facts").textContent = reason;
  speakSoon(reason);
  $("step").disabled = true;
  $("step").max = $("step").value = 0;
  $("step").removeAttribute("aria-valuetext");
  $("step-text").textContent = "–";
  delete document.body.dataset.answer;
  delete document.body.dataset.doubtful;
  for (const id of ["save-png", "save-json"]) $(id).disabled = true;
  if (ready === null) return;
  const empty = new Uint8Array(size()).fill(Math.round(255 * ready.background));
  for (const id of ["seen", "best", "rest"]) drawImage($(id), empty);
  document.querySelector(".views").classList.add("empty");
  tiles.forEach(({ item, canvas, score, note }, i) => {
    item.parentElement.append(item);
    item.className = "empty";
    score.textContent = note.textContent = "";
    drawImage(canvas, empty);
    canvas.setAttribute("aria-label", `${ready.names[i]}: nothing yet`);
  });
}

// an answer is shown and saved by what is known of its classifier, and goes with it
function unload(reason) {
  showNothing(reason);
  ready = null;
}

// to screen readers, once nothing changes any more
function speakSoon(text) {
  clearTimeout(speaking);
  speaking = setTimeout(write, 700, $("spoken"), text);
}

function sentence(look) {
  const answer = look.doubtful ? "None of them, perhaps" : `Answer ${names(look).join(", ")}`;
  const said = look.explanation === null ? "" : ` ${look.explanation}.`;
  return `${answer}. ${facts(look).join(", ")}.${said}`;
}

// --- what is saved ------------------------------------------------------------------------------

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// as much of a text as there is room for
function cut(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  const letters = Array.from(text);
  while (letters.length && context.measureText(`${letters.join("")}…`).width > room) letters.pop();
  return `${letters.join("")}…`;
}

// a text's lines, broken between words
function wrapped(context, text, room) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (context.measureText(longer).width <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function savePng() {
  const look = shown();
  const [cell, edge, side] = [112, 16, 260];
  const tileScale = cell / Math.max(ready.width, ready.height);
  const [tileWidth, tileHeight] = [ready.width * tileScale, ready.height * tileScale];
  const order = ready.labels.flatMap((label) => ordered(look, label));
  const columns = Math.min(order.length, 5);
  const rows = Math.ceil(order.length / columns);
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const font = "13px sans-serif";
  context.font = font;
  const explanation = look.explanation === null ? [] : wrapped(context, look.explanation, side);
  // which also resets the font
  canvas.width = side + columns * (cell + edge) + 3 * edge;
  canvas.height = Math.max(
    side + 90 + 18 * explanation.length,
    rows * (tileHeight + 40) + 3 * edge + 24,
  );
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const scale = side / Math.max($("sheet").width, $("sheet").height);
  context.strokeStyle = "#888";
  context.drawImage($("sheet"), edge, edge, $("sheet").width * scale, $("sheet").height * scale);
  context.strokeRect(edge, edge, $("sheet").width * scale, $("sheet").height * scale);
  context.fillStyle = "#000";
  const answer = look.doubtful ? NONE : names(look).join(", ");
  context.font = `bold ${answer.length > 16 ? 14 : 26}px sans-serif`;
  context.fillText(answer, edge, side + edge + 34, side);
  context.font = font;
  const what = `${ready.generator}, ${ready.settings}, step ${look.step} of ${ready.steps}`;
  context.fillText(what, edge, side + edge + 58, side);
  explanation.forEach((line, i) => {
    context.fillText(line, edge, side + edge + 60 + 18 * (i + 1), side);
  });
  context.imageSmoothingEnabled = false;
  order.forEach((element, place) => {
    const x = side + 2 * edge + (place % columns) * (cell + edge);
    const y = edge + Math.floor(place / columns) * (tileHeight + 40);
    const score = look.scores[element].toFixed(4);
    const scoreWidth = context.measureText(score).width;
    const baseline = y + tileHeight + 16;
    context.drawImage(tiles[element].canvas, x, y, tileWidth, tileHeight);
    context.fillText(cut(context, ready.names[element], cell - scoreWidth - 6), x, baseline);
    context.fillText(score, x + cell - scoreWidth, baseline);
  });
  canvas.toBlob((blob) => download(blob, "drawing.png"));
}

function saveJson() {
  const byName = (values) => Object.fromEntries(ready.names.map((name, i) => [name, values[i]]));
  const look = shown();
  const saved = {
    program: "igc-tf draw",
    generator: ready.generator,
    settings: ready.settings,
    shape: [ready.height, ready.width, ready.channels],
    units: {
      score: "higher is better, of searches of one kind",
      probability: "0 to 1, of the classes",
      picture: "0 to 255, the bounds",
    },
    picture: Array.from(picture),
    reconstructions: byName(tiles.map((_, element) => Array.from(imageOf(look, element)))),
    reconstructions_step: look.step,
    explanation: look.explanation,
    // of the same step; without an explanation the picture itself is compared
    compared: look.compared === null ? null : Array.from(look.compared),
    observed: look.observed === null ? null : Array.from(look.observed),
    steps: looks.map((one) => ({
      step: one.step,
      answer: names(one),
      probability: one.probability,
      doubtful: one.doubtful,
      scores: byName(one.scores),
      differences: byName(one.differences),
      searched: byName(one.searched),
    })),
  };
  download(new Blob([JSON.stringify(saved)], { type: "application/json" }), "drawing.json");
}

// --- what is done -------------------------------------------------------------------------------

async function open(files) {
  const file = Array.from(files).find((one) => one.type.startsWith("image/"));
  if (file === undefined) return complain("No picture among what was given");
  try {
    await sheet.show(file);
  } catch {
    complain(`${file.name}: not a picture that this browser can read`);
  }
}

$("generator").addEventListener("change", () => {
  offerSettings($("settings").value);
  choose();
});
$("settings").addEventListener("change", choose);
$("undo").addEventListener("click", () => sheet.undo());
$("clear").addEventListener("click", () => sheet.clear());
const takeWidth = () => { sheet.width = Number($("width").value); };
$("width").addEventListener("input", takeWidth);
takeWidth(); // the browser may have kept it over a reload
$("colour").addEventListener("input", () => { sheet.colour = $("colour").value; });
$("file").addEventListener("change", () => { open($("file").files); $("file").value = ""; });
$("step").addEventListener("input", () => {
  follows = Number($("step").value) === looks.length - 1;
  show();
});
$("save-png").addEventListener("click", savePng);
$("save-json").addEventListener("click", saveJson);
document.addEventListener("keydown", (event) => {
  // with Shift it means "redo" elsewhere
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") {
    sheet.undo();
    event.preventDefault();
  }
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) open(event.clipboardData.files);
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  $("frame").classList.add("over");
});
for (const name of ["dragleave", "drop"]) {
  document.addEventListener(name, () => $("frame").classList.remove("over"));
}
document.addEventListener("drop", (event) => {
  event.preventDefault();
  open(event.dataTransfer.files);
});
connect();
