/* What the buttons of a page do: pages hold no code of their own. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-does]");
  if (!button) return;
  const does = {
    print: () => window.print(),
    fullscreen: () => toggleFullScreen(),
    run: () => document.getElementById("run-in-browser").showModal(),
  };
  does[button.dataset.does]();
});
