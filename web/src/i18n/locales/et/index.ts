import app from "./app.json";
import events from "./events.json";
import home from "./home.json";
import imports from "./imports.json";
import lifecycle from "./lifecycle.json";
import mailbox from "./mailbox.json";
import messages from "./messages.json";
import people from "./people.json";
import personas from "./personas.json";
import segments from "./segments.json";
import settings from "./settings.json";
import setup from "./setup.json";

export default { app, events, home, imports, lifecycle, mailbox, messages, people, personas, segments, settings, setup };
