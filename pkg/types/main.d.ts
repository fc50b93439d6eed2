export * from "./main.cjs";
