import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "./ui/fonts.css";
import "./ui/ui.css";
import "./app/shell.css";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { startI18n } from "./i18n";

const root = createRoot(document.getElementById("root") as HTMLElement);
void startI18n().then(() => {
  root.render(<App />);
});
