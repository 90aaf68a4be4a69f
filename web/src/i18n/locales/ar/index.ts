import app from "./app.json";
import home from "./home.json";
import journeys from "./journeys.json";
import mailbox from "./mailbox.json";
import messages from "./messages.json";
import people from "./people.json";
import segments from "./segments.json";
import settings from "./settings.json";
import setup from "./setup.json";

export default { app, home, journeys, mailbox, messages, people, segments, settings, setup };
