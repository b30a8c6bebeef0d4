(** * The vocabulary of corrected C-VF

    A vector field at rest, symmetric or not, and the second phase of C-VF on it, plain and
    corrected.  Nothing here is proved.  As in [Network.v], state and parameters live in
    arbitrary real normed spaces with inner products. *)

From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Spaces Dynamics Network Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

Record vector_field : Type := VectorField {
  vf_State : NM;
  vf_Param : NM;
  vf_dot_state : vf_State -> vf_State -> R;
  vf_dot_param : vf_Param -> vf_Param -> R;
  vf_dot_state_inner : is_inner_product vf_State vf_dot_state;
  vf_dot_param_inner : is_inner_product vf_Param vf_dot_param;
  vf_F : vf_State * vf_Param -> vf_State;               (* transition function, any vector field *)
  vf_DF : vf_State * vf_Param -> vf_State;              (* its total derivative at rest *)
  vf_Jt : vf_State -> vf_State;                         (* the transpose of the Jacobian at rest *)
  vf_H : vf_State * vf_Param -> vf_State -> vf_Param;   (* the transpose of dF/dtheta, at each point *)
  vf_ell : vf_State -> R;                               (* loss, at the sample's target *)
  vf_grad_ell : vf_State -> vf_State;                   (* the derivative of the loss, used by the nudge *)
  vf_s_star : vf_State;
  vf_theta : vf_Param }.

(** The Jacobian [J], the derivative [B] in the parameters, and the transpose of the latter. *)
Definition vf_J (N : vector_field) : vf_State N -> vf_State N := dF_ds (vf_DF N).
Definition vf_B (N : vector_field) : vf_Param N -> vf_State N := dF_dtheta (vf_DF N).
Definition vf_Bt (N : vector_field) : vf_State N -> vf_Param N := vf_H N (vf_s_star N, vf_theta N).

(** ** Hypotheses *)

Notation vf_joint N := (prod_NormedModule R_AbsRing (vf_State N) (vf_Param N)).

Definition vf_differentiable (N : vector_field) : Prop :=
  filterdiff (U := vf_joint N) (vf_F N) (locally ((vf_s_star N, vf_theta N) : vf_joint N)) (vf_DF N).

(** [vf_Jt] and [vf_Bt] are what their names say, and bounded; the transposes used by the
    learning rule are continuous at rest. *)
Definition vf_transposes (N : vector_field) : Prop :=
  is_linear (vf_Jt N) /\ is_linear (vf_Bt N) /\
  (forall x y, vf_dot_state N (vf_J N x) y = vf_dot_state N x (vf_Jt N y)) /\
  (forall v y, vf_dot_state N (vf_B N v) y = vf_dot_param N v (vf_Bt N y)) /\
  (forall eps : posreal, locally ((vf_s_star N, vf_theta N) : vf_joint N)
     (fun z => forall w, norm (minus (vf_H N z w) (vf_Bt N w)) <= eps * norm w)).

Definition vf_loss_differentiable (N : vector_field) : Prop :=
  is_gradient (vf_State N) (vf_dot_state N) (vf_ell N) (vf_s_star N) (vf_grad_ell N (vf_s_star N)) /\
  continuous (vf_grad_ell N) (vf_s_star N).

Definition vf_settled (N : vector_field) : Prop := vf_F N (vf_s_star N, vf_theta N) = vf_s_star N.

(** Needed by the paper's order of limits only. *)
Definition vf_continuous_nearby (N : vector_field) : Prop :=
  locally ((vf_s_star N, vf_theta N) : vf_joint N) (fun z => continuous (vf_F N : vf_joint N -> vf_State N) z) /\
  locally (vf_s_star N) (fun s => continuous (vf_grad_ell N) s) /\
  locally (((vf_s_star N, vf_theta N), vf_s_star N) : prod_NormedModule R_AbsRing (vf_joint N) (vf_State N))
    (fun p => continuous (vf_rule (vf_H N) : prod_NormedModule R_AbsRing (vf_joint N) (vf_State N) -> vf_Param N) p).

Definition vf_meets_every_hypothesis (N : vector_field) : Prop :=
  vf_differentiable N /\ vf_transposes N /\ vf_loss_differentiable N /\ vf_continuous_nearby N /\ vf_settled N.

(** [d] bounds [J^T], [dF/dtheta] and its transpose, the remainder of [F], the variation of the
    transpose used by the rule (for [remainder_Phi_theta]) and the loss gradient. *)
Definition vf_bounds (N : vector_field) (d : problem_data) : Prop :=
  (forall x, norm (vf_Jt N x) <= norm_J d * norm x) /\
  (forall v, norm (vf_B N v) <= norm_B d * norm v) /\
  (forall x, norm (vf_Bt N x) <= norm_C d * norm x) /\
  (forall s th, norm (minus s (vf_s_star N)) <= radius d -> norm (minus th (vf_theta N)) <= radius d ->
     norm (minus (minus (vf_F N (s, th)) (vf_s_star N)) (vf_DF N (minus s (vf_s_star N), minus th (vf_theta N))))
       <= remainder_F d * (norm (minus s (vf_s_star N)) + norm (minus th (vf_theta N))) ^ 2) /\
  (forall s th w, norm (minus s (vf_s_star N)) <= radius d -> norm (minus th (vf_theta N)) <= radius d ->
     norm (minus (vf_H N (s, th) w) (vf_Bt N w))
       <= remainder_Phi_theta d * (norm (minus s (vf_s_star N)) + norm (minus th (vf_theta N))) * norm w) /\
  norm (vf_grad_ell N (vf_s_star N)) <= norm_grad d /\
  (forall s, norm (minus s (vf_s_star N)) <= radius d ->
     norm (minus (vf_grad_ell N s) (vf_grad_ell N (vf_s_star N))) <= lipschitz_grad d * norm (minus s (vf_s_star N))).

(** ** The second phase

    [s_(t+1) = F(s_t, theta_t) - c(s_t) - beta grad ell(s_t)],
    [theta_(t+1) = theta_t + (eta / beta) (dF/dtheta (s_t, theta_t))^T (s_(t+1) - s_t)]
    with a correction [c] of the neurons: none for the paper's C-VF, and
    [(J - J^T) (s - s_star)] for corrected C-VF, with [J] at rest and at the initial parameters. *)
Definition less (N : vector_field) (c : vf_State N -> vf_State N) (z : vf_State N * vf_Param N) : vf_State N :=
  minus (vf_F N z) (c (fst z)).
Definition asymmetry (N : vector_field) (s : vf_State N) : vf_State N :=
  minus (vf_J N (minus s (vf_s_star N))) (vf_Jt N (minus s (vf_s_star N))).

Definition cvf_less (N : vector_field) (c : vf_State N -> vf_State N) (beta eta : R) (t : nat) : vf_State N * vf_Param N :=
  nudged_phase (less N c) (vf_grad_ell N) (vf_rule (vf_H N)) (vf_s_star N) (vf_theta N) beta eta t.
Definition Delta_state_less (N : vector_field) (c : vf_State N -> vf_State N) (t : nat) (beta eta : R) : vf_State N :=
  Delta_s (less N c) (vf_grad_ell N) (vf_rule (vf_H N)) (vf_s_star N) (vf_theta N) beta eta t.
Definition Delta_param_less (N : vector_field) (c : vf_State N -> vf_State N) (t : nat) (beta eta : R) : vf_Param N :=
  Delta_theta (less N c) (vf_grad_ell N) (vf_rule (vf_H N)) (vf_s_star N) (vf_theta N) beta eta t.

(** The normalised updates [(s_(t+1) - s_t) / beta] and [(theta_(t+1) - theta_t) / eta], plain and corrected. *)
Definition plain_Delta_state (N : vector_field) (t : nat) (beta eta : R) : vf_State N :=
  Delta_s (vf_F N) (vf_grad_ell N) (vf_rule (vf_H N)) (vf_s_star N) (vf_theta N) beta eta t.
Definition plain_Delta_param (N : vector_field) (t : nat) (beta eta : R) : vf_Param N :=
  Delta_theta (vf_F N) (vf_grad_ell N) (vf_rule (vf_H N)) (vf_s_star N) (vf_theta N) beta eta t.
Definition corrected_Delta_state (N : vector_field) : nat -> R -> R -> vf_State N := Delta_state_less N (asymmetry N).
Definition corrected_Delta_param (N : vector_field) : nat -> R -> R -> vf_Param N := Delta_param_less N (asymmetry N).

(** BPTT's gradients, as in [Network.v]: derivatives of the unrolled loss. *)
Definition vf_is_nabla_s (N : vector_field) (t : nat) (g : vf_State N) : Prop :=
  is_gradient (vf_State N) (vf_dot_state N) (fun s => vf_ell N (free_phase (vf_F N) (vf_theta N) t s)) (vf_s_star N) g.
Definition vf_is_nabla_theta (N : vector_field) (t : nat) (g : vf_Param N) : Prop :=
  is_gradient (vf_Param N) (vf_dot_param N)
    (fun th => vf_ell N (free_phase (vf_F N) (vf_theta N) t (vf_F N (vf_s_star N, th)))) (vf_theta N) g.

(** Theorem 1 is false with the correction [c], on some network that meets every hypothesis. *)
Definition misses (c : forall N : vector_field, vf_State N -> vf_State N) : Prop :=
  exists (N : vector_field) (t : nat) (g_s : vf_State N), vf_meets_every_hypothesis N /\ vf_is_nabla_s N t g_s /\
    ~ iterated_limit (Delta_state_less N (c N) t) (opp g_s).

(** ** Numbers that hold in a box round rest *)

Record box_data : Type := Box {
  box_state : R;       (* the box: |s - s_star| at most this ... *)
  box_param : R;       (* ... and |theta' - theta| at most this *)
  box_Jt : R;          (* norm of the transposed Jacobian at rest *)
  box_B : R;           (* norm of dF/dtheta at rest *)
  box_H : R;           (* norm of the transposes of dF/dtheta in the box *)
  box_curvature : R;   (* how far the derivative of F in the box is from the one at rest *)
  box_variation : R;   (* the same for the transposes of dF/dtheta *)
  box_loss : R }.      (* Lipschitz constant of the loss gradient in the box *)

Definition box_nonnegative (d : box_data) : Prop :=
  0 <= box_Jt d /\ 0 <= box_B d /\ 0 <= box_H d /\ 0 <= box_curvature d /\ 0 <= box_variation d /\ 0 <= box_loss d.

Definition vf_bounds_in_box (N : vector_field) (d : box_data) : Prop :=
  let inside s := norm (minus s (vf_s_star N)) <= box_state d in
  let near th := norm (minus th (vf_theta N)) <= box_param d in
  (forall x, norm (vf_Jt N x) <= box_Jt d * norm x) /\
  (forall v, norm (vf_B N v) <= box_B d * norm v) /\
  (forall s th w, inside s -> near th -> norm (vf_H N (s, th) w) <= box_H d * norm w) /\
  (forall s s' th th', inside s -> inside s' -> near th -> near th' ->
     norm (minus (minus (vf_F N (s', th')) (vf_F N (s, th))) (vf_DF N (minus s' s, minus th' th)))
       <= box_curvature d * (norm (minus s' s) + norm (minus th' th))) /\
  (forall s th w, inside s -> near th -> norm (minus (vf_H N (s, th) w) (vf_Bt N w)) <= box_variation d * norm w) /\
  (forall s s', inside s -> inside s' -> norm (minus (vf_grad_ell N s') (vf_grad_ell N s)) <= box_loss d * norm (minus s' s)).

(** How far a step is from [J^T], at [|beta| = h] and [|eta / beta| = k]; and [1 + r + ... + r^t]. *)
Definition box_drift (d : box_data) (h k : R) : R :=
  box_curvature d * (1 + k * box_H d) + box_B d * (k * box_H d) + h * box_loss d.
Fixpoint box_total (r : R) (t : nat) : R := match t with O => 1 | S t => box_total r t + r ^ (S t) end.

(** ** In [R^n]: the transpose constructed, and a vector field with its derivative *)

(** The vector of a linear form: [f x = <x, covector f>]. *)
Fixpoint covector (n : nat) : (Rn n -> R) -> Rn n :=
  match n return (Rn n -> R) -> Rn n with
  | O => fun f => f 1
  | S n => fun f => (f (1, zero), covector n (fun x => f (zero, x))) end.
Definition transpose (n m : nat) (L : Rn n -> Rn m) (y : Rn m) : Rn n := covector n (fun x => dot m (L x) y).

(** [DF z] is the derivative of [F] at [z]; the transposes are those of its parts. *)
Definition smooth_vector_field (n m : nat) (F : Rn n * Rn m -> Rn n) (DF : Rn n * Rn m -> Rn n * Rn m -> Rn n)
  (ell : Rn n -> R) (grad_ell : Rn n -> Rn n) (s_star : Rn n) (theta : Rn m) : vector_field :=
  {| vf_State := Rn n; vf_Param := Rn m; vf_dot_state := dot n; vf_dot_param := dot m;
     vf_dot_state_inner := is_inner_product_Rn n; vf_dot_param_inner := is_inner_product_Rn m;
     vf_F := F; vf_DF := DF (s_star, theta);
     vf_Jt := transpose n n (dF_ds (DF (s_star, theta))); vf_H := fun z => transpose m n (dF_dtheta (DF z));
     vf_ell := ell; vf_grad_ell := grad_ell; vf_s_star := s_star; vf_theta := theta |}.
