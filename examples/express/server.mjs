// WEXIO_SECRET=… npm start

import { createApp } from "./app.mjs";

if (!process.env.WEXIO_SECRET) throw new Error("WEXIO_SECRET is not set");
createApp(process.env.WEXIO_SECRET).listen(3000, "127.0.0.1");
