/** Django's token: layouts that load htmx carry it, since its cookie is not for scripts. */
export function csrfToken(): string {
  const carried = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]");
  const field = document.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]");
  return carried?.content ?? field?.value ?? "";
}

interface Asked {
  readonly ctx: {
    readonly request: { readonly method: string; readonly headers: Record<string, string> };
  };
}

/** Add the token to a request of htmx that writes. */
export function addToken(event: Event): void {
  const { request } = (event as CustomEvent<Asked>).detail.ctx;
  if (!/^(GET|HEAD|OPTIONS)$/i.test(request.method)) {
    request.headers["X-CSRFToken"] = csrfToken();
  }
}
