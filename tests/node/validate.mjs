// Reads paths of GLB files, one a line, and answers for each what Khronos's validator says of it, as lines of JSON.
import { readFileSync } from "node:fs";
import validator from "gltf-validator";

const paths = readFileSync(0, "utf8").split("\n").filter(Boolean);
for (const path of paths) {
  const report = await validator.validateBytes(new Uint8Array(readFileSync(path)), { maxIssues: 100 });
  console.log(JSON.stringify(report.issues));
}
