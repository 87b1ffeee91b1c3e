// What a page with a passkey's button needs beside django-allauth's scripts, which do the work.

// They tell by an event what went wrong.
const reasons = {
  InvalidStateError: "This device has a passkey for your account already.",
  NotAllowedError: "No passkey was used: it was cancelled, or it took too long. Try again.",
  NotSupportedError: "This device cannot make such a passkey.",
  SecurityError: "Passkeys work at the site’s own address only.",
};

document.addEventListener("allauth.error", (event) => {
  const place = document.getElementById("passkey-problem");
  place.textContent =
    reasons[event.detail.exception.name] || "That did not work. Try again, or use another way.";
  place.hidden = false;
  event.preventDefault();
});

// They act on the button and send the form themselves; without scripts it is sent as it is.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", (event) => event.preventDefault());
}
