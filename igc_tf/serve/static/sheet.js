// The sheet that is drawn on: strokes of mouse, pen, finger or keys, and pictures.

const SIDE = 448;
const TAKEN_BACK = 30;
const PEN_STEP = 8;
// of picture files that are sent as they are: what the search reads, and fits behind a number into
// a message
const TYPES = ["png", "jpeg", "webp", "bmp", "tiff", "gif"].map((name) => `image/${name}`);
const LARGEST = 16 * 2 ** 20 - 4;

export class Sheet {
  // changed: called after every change; ended: after a stroke's end
  constructor(canvas, cursor, changed, ended) {
    this.canvas = canvas;
    this.cursor = cursor;
    this.changed = changed;
    this.ended = ended;
    this.width = 32;
    this.colour = null; // null: what stands out from the page
    this.blank = [255, 255, 255]; // the page of an empty sheet
    this.page = this.blank; // what the strokes stand out from
    this.proportions = [1, 1]; // width and height of an empty sheet
    this.context = canvas.getContext("2d", { willReadFrequently: true });
    this.file = null; // of the picture on it, while nothing is drawn on that
    this.before = [];
    this.isEmpty = true;
    this.stroke = null;
    this.keyPen = { x: SIDE / 2, y: SIDE / 2, isDown: false };
    this.renew();
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => this.end(event));
    }
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("focus", () => this.showCursor());
    canvas.addEventListener("blur", () => this.hideCursor());
  }

  get ink() {
    if (this.colour !== null) return this.colour;
    const [red, green, blue] = this.page;
    return 0.299 * red + 0.587 * green + 0.114 * blue > 110 ? "#000" : "#fff";
  }

  clear() {
    if (!this.isEmpty) this.remember();
    this.renew();
    this.isEmpty = true;
    this.stroke = null;
    this.keyPen.isDown = false;
    this.changed();
  }

  renew() {
    const longest = Math.max(...this.proportions);
    this.page = this.blank;
    this.file = null;
    this.resize(...this.proportions.map((side) => Math.max(1, Math.round((SIDE * side) / longest))));
    this.fill(this.page);
  }

  fill(page) {
    this.context.fillStyle = `rgb(${page.join(" ")})`;
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  resize(width, height) {
    // the keys' pen keeps its place on the sheet, whatever its size
    this.keyPen.x *= width / this.canvas.width;
    this.keyPen.y *= height / this.canvas.height;
    // also empties it
    this.canvas.width = width;
    this.canvas.height = height;
    this.canvas.className = width >= height ? "wide" : "tall";
  }

  remember() {
    const { width, height } = this.canvas;
    const image = this.context.getImageData(0, 0, width, height);
    this.before.push({ image, page: this.page, file: this.file, isEmpty: this.isEmpty });
    if (this.before.length > TAKEN_BACK) this.before.shift();
  }

  undo() {
    const last = this.before.pop();
    if (last === undefined) return;
    this.isEmpty = last.isEmpty;
    this.stroke = null;
    this.keyPen.isDown = false;
    // an empty sheet may be another by now
    if (last.isEmpty) {
      this.renew();
    } else {
      this.page = last.page;
      this.file = last.file;
      this.resize(last.image.width, last.image.height);
      this.context.putImageData(last.image, 0, 0);
    }
    this.changed();
    this.ended();
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * this.canvas.width) / box.width,
      ((event.clientY - box.top) * this.canvas.height) / box.height,
    ];
  }

  begin(event) {
    if (event.button !== 0 && event.button !== 5) return;
    if (this.stroke !== null) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.remember();
    const [x, y] = this.point(event);
    this.stroke = { id: event.pointerId, x, y };
    this.line(x, y, x, y, event);
  }

  move(event) {
    if (this.stroke === null || this.stroke.id !== event.pointerId) return;
    const passed = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const one of passed.length ? passed : [event]) {
      const [x, y] = this.point(one);
      this.line(this.stroke.x, this.stroke.y, x, y, one);
      Object.assign(this.stroke, { x, y });
    }
  }

  end(event) {
    if (this.stroke === null || this.stroke.id !== event.pointerId) return;
    this.stroke = null;
    this.ended();
  }

  line(x0, y0, x1, y1, event) {
    const erases = event !== undefined && (event.buttons & 32) !== 0;
    const isPen = event !== undefined && event.pointerType === "pen" && event.pressure > 0;
    const size = Math.max(this.canvas.width, this.canvas.height) / SIDE;
    this.context.lineWidth = this.width * size * (isPen ? 0.6 + 0.8 * event.pressure : 1);
    this.context.lineCap = this.context.lineJoin = "round";
    this.context.strokeStyle = erases ? `rgb(${this.page.join(" ")})` : this.ink;
    this.context.beginPath();
    this.context.moveTo(x0, y0);
    // a line of no length would not be drawn everywhere
    this.context.lineTo(x1 + (x0 === x1 && y0 === y1 ? 0.01 : 0), y1);
    this.context.stroke();
    this.file = null;
    this.isEmpty = false;
    this.changed();
  }

  key(event) {
    const directions = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    };
    if (event.key in directions && !event.ctrlKey && !event.altKey && !event.metaKey) {
      const [right, down] = directions[event.key].map((d) => d * PEN_STEP * (event.shiftKey ? 3 : 1));
      const x = Math.min(Math.max(this.keyPen.x + right, 0), this.canvas.width);
      const y = Math.min(Math.max(this.keyPen.y + down, 0), this.canvas.height);
      if (this.keyPen.isDown) this.line(this.keyPen.x, this.keyPen.y, x, y);
      Object.assign(this.keyPen, { x, y });
    } else if (event.key === " ") {
      // which may be held down
      if (!event.repeat) this.lowerOrLift();
    } else if (event.key === "Backspace") {
      this.undo();
    } else if (event.key === "Delete") {
      this.clear();
    } else {
      return;
    }
    event.preventDefault();
    this.showCursor();
  }

  lowerOrLift() {
    this.keyPen.isDown = !this.keyPen.isDown;
    if (this.keyPen.isDown) {
      this.remember();
      this.line(this.keyPen.x, this.keyPen.y, this.keyPen.x, this.keyPen.y);
    } else {
      this.ended();
    }
  }

  showCursor() {
    // a click focuses too, and has a cursor of its own
    this.cursor.hidden = !this.canvas.matches(":focus-visible");
    this.cursor.classList.toggle("down", this.keyPen.isDown);
    const box = this.canvas.getBoundingClientRect();
    const frame = this.canvas.parentElement.getBoundingClientRect();
    const left = box.left - frame.left + (this.keyPen.x * box.width) / this.canvas.width;
    const top = box.top - frame.top + (this.keyPen.y * box.height) / this.canvas.height;
    this.cursor.style.left = `${left}px`;
    this.cursor.style.top = `${top}px`;
  }

  hideCursor() {
    this.cursor.hidden = true;
    if (this.keyPen.isDown) this.ended();
    this.keyPen.isDown = false;
  }

  // a picture file takes the sheet's place, in its own proportions
  async show(file) {
    const picture = await createImageBitmap(file);
    const isSendable = TYPES.includes(file.type) && file.size <= LARGEST;
    // read now, as the file may change or go
    const kept = isSendable ? new Blob([await file.arrayBuffer()]) : null;
    const longest = Math.max(picture.width, picture.height);
    // small ones in whole multiples, so that their pixels stay squares
    const factor = longest > SIDE ? SIDE / longest : Math.floor(SIDE / longest);
    this.remember();
    this.file = kept;
    this.resize(
      Math.max(1, Math.round(picture.width * factor)),
      Math.max(1, Math.round(picture.height * factor)),
    );
    const { width, height } = this.canvas;
    this.context.imageSmoothingEnabled = factor < 1;
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(picture, 0, 0, width, height);
    const { data } = this.context.getImageData(0, 0, width, height);
    // what shows through is a page on which the strokes stand out
    this.context.globalCompositeOperation = "destination-over";
    this.fill(isMostlyLight(data) ? [0, 0, 0] : [255, 255, 255]);
    this.context.globalCompositeOperation = "source-over";
    this.page = border(this.context.getImageData(0, 0, width, height));
    this.isEmpty = false;
    this.changed();
    this.ended();
  }

  // the picture's own file, which has more detail than the sheet, or a PNG file
  encoded() {
    if (this.file !== null) return this.file;
    // toBlob would first wait until the browser is idle, seconds while one draws
    const letters = atob(this.canvas.toDataURL("image/png").split(",")[1]);
    return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  }
}

// whether what is not transparent is light, in a picture that has transparent parts
function isMostlyLight(data) {
  let weight = 0, light = 0, clear = 0;
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    weight += alpha;
    clear += 255 - alpha;
    light += alpha * (0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2]);
  }
  return clear > 0 && weight > 0 && light / weight > 128;
}

// the mean colour along the edge
function border({ data, width, height }) {
  const sum = [0, 0, 0];
  let count = 0;
  for (let y = 0; y < height; y += 1) {
    const step = y === 0 || y === height - 1 ? 1 : Math.max(1, width - 1);
    for (let x = 0; x < width; x += step, count += 1) {
      for (let c = 0; c < 3; c += 1) sum[c] += data[4 * (y * width + x) + c];
    }
  }
  return sum.map((value) => Math.round(value / count));
}
