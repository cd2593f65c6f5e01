// Before anything is drawn: the colour scheme that was chosen.
{
  const chosen = localStorage.getItem("theme");
  if (chosen && chosen !== "auto") document.documentElement.dataset.theme = chosen;
}
