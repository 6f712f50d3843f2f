// Takes a card in a frame of Stripe's, so that its number never comes to us: only Stripe's name for it does (createPaymentMethod).

const form = document.getElementById("pay");
const button = form.querySelector("button");
const trouble = document.getElementById("trouble");
const stripe = Stripe(form.dataset.key, { locale: document.documentElement.lang });
const card = stripe.elements().create("card");

card.mount("#card");
form.addEventListener("submit", pay);

async function pay(event) {
  event.preventDefault();
  button.disabled = true;
  const { paymentMethod, error } = await stripe.createPaymentMethod({ type: "card", card });
  if (error) {
    trouble.textContent = error.message;
    trouble.hidden = false;
    button.disabled = false;
    return;
  }
  form.elements.method.value = paymentMethod.id;
  form.submit();
}
