/** The console: what a browser runs. It speaks with nothing but the service that it came from. */
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { allowOwnStyles } from "./style-nonce.ts";

allowOwnStyles();

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no place for the console");
createRoot(root).render(<App />);
