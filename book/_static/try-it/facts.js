/* Written by tools/make_web_demo.py. */
export const BYTES = {
  "onnxruntime/ort-wasm-simd-threaded.js": 24381,
  "onnxruntime/ort-wasm-simd-threaded.wasm.gz": 3659927,
  "onnxruntime/ort.wasm.min.js": 50126,
  "face.onnx.gz": 1652388,
  "sentiment.onnx.gz": 92197,
  "words.json.gz": 81261
};
export const FIGURES = {
  "faces": 2000,
  "ageError": 5.57,
  "genderAccuracy": 0.931,
  "reviews": 277,
  "reviewAccuracy": 0.8556
};
export const READY_AGES = [
  "up to 2",
  "3 to 7",
  "8 to 14",
  "15 to 20",
  "26 to 28",
  "35 to 39",
  "50 to 59",
  "70 or more"
];
