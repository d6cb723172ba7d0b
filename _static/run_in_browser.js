/* From the disk a browser does not start Python: say so in place of the link. */
document.addEventListener("DOMContentLoaded", () => {
  const dialogue = document.getElementById("run-in-browser");
  if (!dialogue) return;
  const button = document.querySelector(".btn-run-in-browser-button");
  if (button) button.setAttribute("aria-haspopup", "dialog");
  const onDisk = location.protocol === "file:";
  for (const part of dialogue.querySelectorAll(".when-served")) part.hidden = onDisk;
  for (const part of dialogue.querySelectorAll(".when-on-disk")) part.hidden = !onDisk;
});
