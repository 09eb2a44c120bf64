// Whoever writes, as a phone shows them. Pictures are made up here: no host is asked.
import { hash, initials } from "../../format.js";

/** Calling code to country, and how somebody there may begin. */
const PLACES = {
  "+1": ["US", "Hi! Is this available?"],
  "+30": ["GR", "Γεια σας! Μια ερώτηση…"],
  "+31": ["NL", "Hoi! Ik heb een vraag."],
  "+32": ["BE", "Bonjour, une question…"],
  "+33": ["FR", "Bonjour, une question…"],
  "+34": ["ES", "Hola, una pregunta…"],
  "+351": ["PT", "Olá! Uma pergunta…"],
  "+353": ["IE", "Hi there, quick question"],
  "+358": ["FI", "Hei! Olisi kysymys."],
  "+359": ["BG", "Здравейте, имам въпрос."],
  "+36": ["HU", "Szia! Lenne egy kérdésem."],
  "+371": ["LV", "Labdien! Man ir jautājums."],
  "+372": ["EE", "Tere! Mul on küsimus."],
  "+380": ["UA", "Добрий день! Маю питання."],
  "+385": ["HR", "Bok! Imam pitanje."],
  "+386": ["SI", "Živjo! Imam vprašanje."],
  "+39": ["IT", "Ciao! Una domanda…"],
  "+40": ["RO", "Bună! Am o întrebare."],
  "+41": ["CH", "Grüezi, ich hätte eine Frage."],
  "+420": ["CZ", "Dobrý den, mám dotaz."],
  "+421": ["SK", "Dobrý deň, mám otázku."],
  "+43": ["AT", "Servus, ich hätte eine Frage."],
  "+44": ["GB", "Hello! A quick question…"],
  "+45": ["DK", "Hej! Jeg har et spørgsmål."],
  "+46": ["SE", "Hej! En snabb fråga…"],
  "+47": ["NO", "Hei! Et lite spørsmål…"],
  "+48": ["PL", "Dzień dobry, mam pytanie."],
  "+49": ["DE", "Hallo! Ich habe eine Frage."],
  "+52": ["MX", "¡Hola! Una pregunta…"],
  "+54": ["AR", "¡Hola! Una consulta…"],
  "+55": ["BR", "Oi! Uma pergunta…"],
  "+56": ["CL", "¡Hola! Una consulta…"],
  "+57": ["CO", "¡Hola! Una pregunta…"],
  "+62": ["ID", "Halo, mau tanya…"],
  "+64": ["NZ", "Kia ora! Quick question"],
  "+81": ["JP", "こんにちは、質問があります"],
  "+90": ["TR", "Merhaba, bir sorum var."],
  "+91": ["IN", "Namaste! A quick question…"],
  "+966": ["SA", "مرحبا، عندي سؤال"],
  "+972": ["IL", "היי, יש לי שאלה"],
};
const COUNTRIES = new Intl.DisplayNames(["en"], { type: "region" });

function place(phone) {
  for (const length of [4, 3, 2]) if (PLACES[phone?.slice(0, length)]) return PLACES[phone.slice(0, length)];
  return null;
}

/** {name, handle, country, code, text, letters, hue} of one delivery's person. */
export function person(line) {
  const { chat = {}, contact = {} } = line.data ?? {};
  const first = contact.firstName ?? chat.firstName;
  const last = contact.lastName ?? chat.lastName;
  const name = [first, last].filter((part) => typeof part === "string" && part).join(" ") || chat.title || line.who || "Somebody";
  const phone = typeof contact.phoneNumber === "string" ? contact.phoneNumber : null;
  const [code, text] = place(phone) ?? [null, "Hello! A quick question…"];
  const handle = typeof chat.username === "string" ? `@${chat.username}` : phone ?? "";
  const [a, b] = first || last ? [first, last] : name.split(" ");
  return {
    name: String(name),
    handle,
    code,
    country: code ? COUNTRIES.of(code) : null,
    text,
    letters: initials(typeof a === "string" ? a : "", typeof b === "string" ? b : ""),
    hue: hash(name) % 360,
  };
}
