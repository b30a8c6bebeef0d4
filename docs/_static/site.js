// What scrolls is reached by the keyboard in every browser.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("pre").forEach((output) => { output.tabIndex = 0; });
});
