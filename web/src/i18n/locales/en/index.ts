import app from "./app.json";
import companies from "./companies.json";
import endpoints from "./endpoints.json";
import events from "./events.json";
import home from "./home.json";
import hooks from "./hooks.json";
import imports from "./imports.json";
import journeys from "./journeys.json";
import lifecycle from "./lifecycle.json";
import mailbox from "./mailbox.json";
import messages from "./messages.json";
import people from "./people.json";
import personas from "./personas.json";
import segments from "./segments.json";
import settings from "./settings.json";
import setup from "./setup.json";
import warehouses from "./warehouses.json";

export default { app, companies, endpoints, events, home, hooks, imports, journeys, lifecycle, mailbox, messages, people, personas, segments, settings, setup, warehouses };
