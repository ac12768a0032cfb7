const KEPT = 'relrec-way-back';
export default function({ data }) {
  const here = location.pathname + location.search, wanted = sessionStorage.getItem(KEPT);
  if (data.remember) sessionStorage.setItem(KEPT, here);
  else if (wanted) {
    sessionStorage.removeItem(KEPT);
    if (wanted !== here) location.replace(wanted);
  }
}
