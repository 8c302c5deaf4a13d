// Finds a code in a picture, in the browser: no picture leaves the device.

import { prepareZXingModule, type ReaderOptions, readBarcodes } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";

// The package would fetch its program from a public network; ours is served with the page.
prepareZXingModule({ overrides: { locateFile: () => new URL(wasm, import.meta.url).href } });

const OPTIONS: ReaderOptions = {
  formats: ["DataMatrix", "Code128", "QRCode", "EAN13"],
  // GS1's separators must stay: they part a lot from a serial number.
  textMode: "Plain",
  tryHarder: true,
};

/** Return the text of the first code in a picture, null where it shows none. */
export async function readCode(picture: ImageData | Blob): Promise<string | null> {
  const found = await readBarcodes(picture, OPTIONS);
  return found.find((code) => code.isValid)?.text ?? null;
}
