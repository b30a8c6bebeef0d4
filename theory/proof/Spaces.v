(** * Spaces, inner products, gradients, limits

    The first of the trusted files, which say what the main theorems mean: [Spaces.v],
    [Dynamics.v], [Network.v], [Vocabulary.v], [VectorFieldNetwork.v], [FurtherVocabulary.v],
    [Instances.v] and [Pinned.v].
    They need nothing but Coq's real numbers, Coquelicot and each other, and hold definitions only, besides the
    three lemmas below, which [R^n] needs to be an inner product space.

    From Coquelicot: [filterdiff f (locally p) l] says that [l] is the Frechet derivative of [f]
    at [p]; [filterlim f along (locally l)], that [f] tends to [l] along the filter [along];
    [locally' 0] is the filter of the punctured neighbourhoods of 0. *)

From Coq Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Normed spaces *)

(** Real normed spaces, of any dimension. *)
Notation NM := (NormedModule R_AbsRing).

(** [iterate M t x] is [M^t x]. *)
Fixpoint iterate {V : Type} (M : V -> V) (t : nat) (x : V) : V :=
  match t with O => x | S t => M (iterate M t x) end.

(** [f 0 + ... + f (n-1)] *)
Fixpoint partial_sum {V : NM} (f : nat -> V) (n : nat) : V :=
  match n with O => zero | S n => plus (partial_sum f n) (f n) end.

(** ** Limits *)

(** The paper's order of limits: [e -> 0] first, at each fixed [b], then [b -> 0].  The inner limit
    [D0 b] must exist for every small [b <> 0]. *)
Definition iterated_limit {V : NM} (D : R -> R -> V) (L : V) :=
  exists D0 : R -> V,
    locally' (0:R) (fun b => filterlim (fun e => D b e) (locally' (0:R)) (locally (D0 b))) /\
    filterlim D0 (locally' (0:R)) (locally L).

(** ** Inner products and gradients *)

(** A symmetric positive form, linear and continuous in each argument; the norm need not come
    from it, nor the space be complete. *)
Record is_inner_product (V : NM) (ip : V -> V -> R) : Prop := {
  ip_lin : forall y, is_linear (V := R_NormedModule) (fun x => ip x y);
  ip_sym : forall x y, ip x y = ip y x;
  ip_pos : forall x, x <> zero -> 0 < ip x x }.

(** [g] is the gradient of [f] at [p]: the derivative there is [h |-> <g, h>]. *)
Definition is_gradient (V : NM) (ip : V -> V -> R) (f : V -> R) (p g : V) : Prop :=
  filterdiff (V := R_NormedModule) f (locally p) (fun h => ip g h).

(** Bounded by the norm, as on [R^n] and on every pre-Hilbert space. *)
Definition bounded_inner_product (V : NM) (ip : V -> V -> R) : Prop :=
  exists M : R, 0 <= M /\ forall x y, Rabs (ip x y) <= M * (norm x * norm y).

Definition self_adjoint (V : NM) (ip : V -> V -> R) (A : V -> V) : Prop :=
  forall x y, ip (A x) y = ip x (A y).

(** Differences of nearby values, not only differences from the value at [p], are linear to
    first order; continuously differentiable functions are strictly differentiable. *)
Definition strictly_differentiable (U V : NM) (f : U -> V) (p : U) (l : U -> V) : Prop :=
  is_linear l /\ forall eps : posreal, exists near : U -> Prop, locally p near /\
    forall x y, near x -> near y -> norm (minus (minus (f y) (f x)) (l (minus y x))) <= eps * norm (minus y x).

(** ** Products and [R^n] *)

Definition product_inner (U V : NM) (ipU : U -> U -> R) (ipV : V -> V -> R) : prod_NormedModule R_AbsRing U V -> prod_NormedModule R_AbsRing U V -> R :=
  fun z w => ipU (fst z) (fst w) + ipV (snd z) (snd w).

Lemma is_inner_product_prod (U V : NM) ipU ipV : is_inner_product U ipU -> is_inner_product V ipV ->
  is_inner_product (prod_NormedModule R_AbsRing U V) (@product_inner U V ipU ipV).
Proof.
intros HU HV. split.
- intros [yu yv]. unfold product_inner; simpl.
  assert (L1 := @is_linear_comp R_AbsRing (prod_NormedModule R_AbsRing U V) U R_NormedModule _ _ (@is_linear_fst R_AbsRing U V) (ip_lin HU yu)).
  assert (L2 := @is_linear_comp R_AbsRing (prod_NormedModule R_AbsRing U V) V R_NormedModule _ _ (@is_linear_snd R_AbsRing U V) (ip_lin HV yv)).
  assert (L3 := @is_linear_prod R_AbsRing (prod_NormedModule R_AbsRing U V) R_NormedModule R_NormedModule _ _ L1 L2).
  exact (@is_linear_comp R_AbsRing _ _ R_NormedModule _ _ L3 (@is_linear_plus R_AbsRing R_NormedModule)).
- intros x y. unfold product_inner. now rewrite (ip_sym HU), (ip_sym HV).
- intros [x y] Hxy. unfold product_inner; simpl.
  assert (P : forall (W : NM) (ipW : W -> W -> R), is_inner_product W ipW -> forall w, 0 <= ipW w w).
  { intros W ipW HW w. destruct (eq_dec w zero) as [->|N].
    right. symmetry. exact (linear_zero _ (ip_lin HW zero)). left; now apply (ip_pos HW). }
  destruct (eq_dec x zero) as [E|N].
  + assert (y <> zero). { intros E'. apply Hxy. now rewrite E, E'. }
    generalize (P _ _ HU x) (ip_pos HV H). lra.
  + generalize (P _ _ HV y) (ip_pos HU N). lra.
Qed.
Lemma is_inner_product_R : is_inner_product R_NormedModule (fun x y : R => x * y).
Proof.
split.
- intros y. split.
  intros x x'. unfold plus; simpl. ring.
  intros k x. unfold scal; simpl; unfold mult; simpl. ring.
  exists (Rabs y + 1). split. generalize (Rabs_pos y); lra.
  intros x. unfold norm; simpl; unfold abs; simpl. rewrite Rabs_mult. generalize (Rabs_pos x) (Rabs_pos y). nra.
- intros; ring.
- intros x Hx. change (x <> 0) in Hx. nra.
Qed.

(** [Rn n] is [R^(n+1)], as an iterated product, and [dot n] its Euclidean inner product. *)
Fixpoint Rn (n : nat) : NM := match n with O => R_NormedModule | S n => prod_NormedModule R_AbsRing R_NormedModule (Rn n) end.
Fixpoint dot (n : nat) : Rn n -> Rn n -> R :=
  match n return Rn n -> Rn n -> R with
  | O => fun x y : R => x * y
  | S n => @product_inner R_NormedModule (Rn n) (fun x y : R => x * y) (dot n) end.
Lemma is_inner_product_Rn n : is_inner_product (Rn n) (dot n).
Proof. induction n as [|n IH]. exact is_inner_product_R. simpl. apply is_inner_product_prod. exact is_inner_product_R. exact IH. Qed.
